import Testing

@testable import Reconciler

@Suite("What a controller sees and finds to do")
struct FleetSurveyTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)
    private let policy = ConvergencePolicy()

    private func record(_ number: Int, _ state: ProfileState, reached: ProfileState? = nil) throws -> DeviceRecord {
        DeviceRecord(
            key: try Fleets.key(number), account: Fleets.account,
            observation: ProfileObservation(state: state, profileStatus: nil, at: now, source: .callback),
            service: .active, reached: reached, version: 1)
    }

    private func operation(_ number: Int, _ phase: Operation.Phase) throws -> Operation {
        Operation(
            id: OperationID(Int64(number)), key: try Fleets.key(number), action: .downloadEnable,
            account: Fleets.account, smsr: Fleets.smsr, attempt: 1, request: RequestNumber(1),
            intendedAt: now - .seconds(60), phase: phase)
    }

    private func survey(
        _ records: [DeviceRecord], count: Int, drift: String = "correct", rollout: String = "",
        stopped: Set<AccountName> = [], pauses: [Pause] = []
    ) async throws -> FleetSurvey {
        let rollout = rollout.isEmpty ? "" : "rollout: {\(rollout)}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(count, rollout: "drift: \(drift)\n\(rollout)"))
        return FleetSurvey(fleet, KnownFleet(records, pauses: pauses), at: now, policy: policy, stopped: stopped)
    }

    @Test("every device of a set stands in exactly one place")
    func standings() async throws {
        let failure = OperationFailure(code: "8.1,5.1", carrierText: "full", explanation: "Full.", remedy: .person)
        let phases: [Operation.Phase] = [
            .submitted(RequestID("r"), deadline: now + .seconds(60)), .enablePending(deadline: now + .seconds(60)),
            .unresolved(reason: "time-out", lookedUpAt: now), .failed(failure, retryAt: nil),
            .failed(failure, retryAt: now + .seconds(90)),
        ]
        var records = try phases.enumerated().map { number, phase in
            var record = try record(number, .notDownloaded)
            record.operation = try operation(number, phase)
            return record
        }
        records.append(try record(5, .downloadedEnabled, reached: .downloadedEnabled))
        records.append(try record(6, .downloadedDisabled, reached: .downloadedEnabled))
        var suspended = try record(7, .notDownloaded)
        suspended.service = .suspended
        records.append(suspended)
        let survey = try await survey(records, count: 10)
        let set = try #require(survey.profileSets().first)
        #expect(set.devices == 10)
        #expect(
            [set.inFlight, set.held, set.failed, set.waiting, set.converged, set.drift, set.blocked]
                == [2, 1, 1, 1, 1, 1, 1])
        #expect(set.pending == 3, "the drifted one and the two that were never seen")
        #expect(
            survey.profiles() == ["notDownloaded": 6, "downloadedEnabled": 1, "downloadedDisabled": 1, "never seen": 2])
        #expect(survey.nextDue == now + .seconds(60))
        #expect(survey.needsRun)
        let groups = survey.failureGroups()
        #expect(groups.map(\.count) == [1, 1, 1] && Set(groups.map(\.kind)) == ["failed", "held", "blocked"])
        #expect(groups.first { $0.kind == "failed" }?.code == "8.1,5.1")
    }

    @Test("a fleet that is as declared, or waits for callbacks that are not overdue, needs no run")
    func quiet() async throws {
        let done = try record(0, .downloadedEnabled, reached: .downloadedEnabled)
        #expect(try await !survey([done], count: 1).needsRun)
        var waiting = try record(0, .notDownloaded)
        waiting.operation = try operation(0, .submitted(RequestID("r"), deadline: now + .seconds(1)))
        #expect(try await !survey([waiting], count: 1).needsRun)
        waiting.operation = try operation(0, .submitted(RequestID("r"), deadline: now))
        #expect(try await survey([waiting], count: 1).needsRun, "overdue")
        waiting.operation = try operation(0, .intended)
        #expect(try await survey([waiting], count: 1).needsRun, "left behind by a process that died")
        waiting.operation = try operation(0, .unresolved(reason: "?", lookedUpAt: now))
        #expect(try await !survey([waiting], count: 1).needsRun, "for a person")
    }

    @Test("accounts with operations whose time is over are overdue")
    func overdue() async throws {
        var record = try record(0, .notDownloaded)
        for (phase, isOverdue) in [
            (Operation.Phase.submitted(RequestID("r"), deadline: now), true),
            (.submitted(RequestID("r"), deadline: now + .seconds(1)), false), (.enablePending(deadline: now), false),
            (.intended, false),
        ] {
            record.operation = try operation(0, phase)
            let accounts: Set<AccountName> = isOverdue ? [Fleets.account] : []
            #expect(try await survey([record], count: 1).overdueAccounts == accounts, "\(phase)")
        }
    }

    @Test("a roll-out whose last devices landed while no run was looking needs one that ends it")
    func finishedRollout() async throws {
        let rollout = RolloutRecord(number: RolloutNumber(7), profileSet: "fleet", startedAt: now, waveLimit: 1)
        let done = try record(0, .downloadedEnabled, reached: .downloadedEnabled)
        let known = KnownFleet([done], rollouts: [rollout], releases: [done.key: rollout.number])
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        #expect(FleetSurvey(fleet, known, at: now, policy: policy).needsRun)
        #expect(!FleetSurvey(fleet, KnownFleet([done]), at: now, policy: policy).needsRun)
    }

    @Test("what a pause, an account that is stopped, or a large change holds back needs no run, and says why")
    func held() async throws {
        let pause = Pause(scope: .everything, by: "anna", reason: "audit", at: now)
        let paused = try await survey([], count: 3, pauses: [pause])
        #expect(!paused.needsRun)
        #expect(paused.profileSets().first?.holds.first?.contains("anna") == true)
        #expect(try await survey([], count: 3).needsRun)
        #expect(try await !survey([], count: 3, stopped: [Fleets.account]).needsRun)
        let gone = try (0..<20).map { try record($0, .notDownloaded, reached: .downloadedEnabled) }
        let large = try await survey(gone, count: 20)
        #expect(!large.needsRun)
        #expect(large.profileSets().first?.largeChange?.contains("100 %") == true)
        let some =
            gone.prefix(5) + (try (5..<20).map { try record($0, .downloadedEnabled, reached: .downloadedEnabled) })
        let small = try await survey(Array(some), count: 20)
        #expect(small.needsRun && small.profileSets().first?.drift == 5)
    }

    @Test("drift that is only reported needs no run, and new devices of the same set do")
    func reported() async throws {
        let drifted = try (0..<2).map { try record($0, .downloadedDisabled, reached: .downloadedEnabled) }
        for policy in DriftPolicy.allCases {
            let survey = try await survey(drifted, count: 2, drift: policy.rawValue)
            #expect(survey.needsRun == (policy == .correct))
            #expect(survey.profileSets().first?.drift == 2 && survey.profileSets().first?.pending == 2)
            #expect(survey.driftExamples().isEmpty == (policy == .off))
        }
        #expect(try await survey(drifted, count: 3, drift: "report").needsRun)
    }

    @Test("the rest of a first download is no large change, however few devices are out")
    func restOfDownload() async throws {
        let failure = OperationFailure(code: nil, carrierText: nil, explanation: "Pending.", remedy: .retry)
        let rollout = RolloutRecord(number: RolloutNumber(7), profileSet: "fleet", startedAt: now)
        var records = try (0..<12).map { try record($0, .downloadedDisabled) }
        for index in records.indices { records[index].operation = try operation(index, .failed(failure, retryAt: now)) }
        let releases = Dictionary(uniqueKeysWithValues: records.map { ($0.key, rollout.number) })
        let fleet = try await Fleets.fleet(try Fleets.yaml(12))
        let survey = FleetSurvey(
            fleet, KnownFleet(records, rollouts: [rollout], releases: releases), at: now, policy: policy)
        #expect(survey.needsRun && survey.profileSets().first?.largeChange == nil)
    }
}
