import Testing

@testable import Reconciler

@Suite("What a saved plan allows")
struct PlanReviewTests {
    private let madeAt = Timestamp(milliseconds: 1_790_000_000_000)
    private var later: Timestamp { madeAt + .seconds(7200) }
    private let failure = OperationFailure(code: "8.1,5.1", carrierText: nil, explanation: "Busy.", remedy: .retry)

    private func record(_ state: ProfileState?, version: Int64, service: ServiceState = .active) throws -> DeviceRecord
    {
        DeviceRecord(
            key: try Fleets.key(0), account: Fleets.account,
            observation: state.map { ProfileObservation(state: $0, profileStatus: nil, at: later, source: .callback) },
            service: service, version: version)
    }

    private func operation(
        _ action: ProfileAction, _ phase: Reconciler.Operation.Phase, run: Int64?, at: Timestamp? = nil
    ) throws -> Reconciler.Operation {
        Operation(
            id: OperationID(5), key: try Fleets.key(0), action: action, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 1, request: RequestNumber(1), intendedAt: at ?? later, run: run.map { RunNumber($0) }, phase: phase
        )
    }

    /// The plan of a device that is to be enabled, and of which this was known.
    private func saved(_ before: DeviceRecord?, retryFailed: Bool = false) async throws -> SavedPlan {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let plan = Planner(now: madeAt, retriesFailuresBefore: retryFailed ? madeAt : nil).plan(
            desired: fleet, known: KnownFleet([before].compactMap { $0 }))
        try #require(plan.actions.count == 1)
        var bytes: [UInt8] = []
        PlanFile.write(plan, toolVersion: "1") { bytes += $0 }
        return try PlanFile.read(ManifestText(.init(bytes)), path: "memory")
    }

    /// What is done about it later, in run 3, after runs 2 and 3 of this plan.
    private func verdict(_ saved: SavedPlan, _ now: DeviceRecord?) -> String {
        let review = PlanReview(saved, runs: [RunNumber(2), RunNumber(3)], startedAt: later)
        let plan = Planner(now: later).plan(
            desired: saved.fleet, known: KnownFleet([now].compactMap { $0 }), within: review)
        if !plan.moved.isEmpty { return "left alone" }
        return plan.actions.first?.action.rawValue ?? plan.exceptions.first?.reason.name ?? "nothing"
    }

    @Test("an action is taken while its device is as it was, even if that was confirmed since")
    func unmoved() async throws {
        let before = try record(.downloadedDisabled, version: 4)
        let plan = try await saved(before)
        #expect(verdict(plan, before) == "enable")
        #expect(verdict(plan, try record(.downloadedDisabled, version: 5)) == "enable")
    }

    @Test(
        "a device that others have moved is left alone",
        arguments: [ProfileState.notDownloaded, .deleted, .downloadedEnabled, .unknown])
    func moved(now: ProfileState) async throws {
        let plan = try await saved(try record(.downloadedDisabled, version: 4))
        #expect(verdict(plan, try record(now, version: 5)) == "left alone")
    }

    @Test("so is one whose line went out of service, one that is gone, and one that another run has asked something of")
    func movedOtherwise() async throws {
        let plan = try await saved(try record(.downloadedDisabled, version: 4))
        #expect(verdict(plan, nil) == "left alone")
        #expect(verdict(plan, try record(.downloadedDisabled, version: 5, service: .suspended)) == "left alone")
        for phase in [
            .submitted(RequestID("r"), deadline: later + .seconds(9)), .failed(failure, retryAt: later), .succeeded,
        ] as [Reconciler.Operation.Phase] {
            var record = try record(.downloadedDisabled, version: 6)
            record.operation = try operation(.disable, phase, run: 1)
            #expect(verdict(plan, record) == "left alone", "\(phase)")
        }
    }

    @Test("a device that was never seen is looked up first; the plan goes on only if it is as the plan took it to be")
    func neverSeen() async throws {
        let plan = try await saved(nil)
        for (now, expected) in [
            (.notDownloaded, "downloadEnable"), (.deleted, "downloadEnable"), (.downloadedEnabled, "nothing"),
            (.downloadedDisabled, "left alone"), (.unknown, "held"),
        ] as [(ProfileState, String)] {
            #expect(verdict(plan, try record(now, version: 2)) == expected, "\(now)")
        }
        #expect(verdict(plan, try record(.notDownloaded, version: 2, service: .notOnAccount)) == "blocked")
        #expect(verdict(plan, try record(nil, version: 1)) == "downloadEnable")
    }

    @Test("what the plan itself has begun goes on: the same action again, and the enabling after a download")
    func begun() async throws {
        let plan = try await saved(try record(.notDownloaded, version: 4))
        for (known, action, phase, expected) in [
            (.notDownloaded, .downloadEnable, .submitted(RequestID("r"), deadline: later), "in progress"),
            (.notDownloaded, .downloadEnable, .failed(failure, retryAt: later), "downloadEnable"),
            (.notDownloaded, .downloadEnable, .failed(failure, retryAt: later + .seconds(1)), "waiting"),
            (.notDownloaded, .downloadEnable, .failed(failure, retryAt: nil), "failed"),
            (.notDownloaded, .downloadEnable, .withdrawn(reason: "busy", retryAt: nil), "downloadEnable"),
            (.notDownloaded, .downloadEnable, .unresolved(reason: "x"), "held"),
            (.downloadedDisabled, .downloadEnable, .failed(failure, retryAt: later), "enable"),
            (.downloadedDisabled, .enable, .failed(failure, retryAt: later), "enable"),
            (.downloadedEnabled, .downloadEnable, .succeeded, "nothing"),
            (.downloadedDisabled, .downloadEnable, .succeeded, "left alone"),
            (.deleted, .downloadEnable, .succeeded, "left alone"),
        ] as [(ProfileState, ProfileAction, Reconciler.Operation.Phase, String)] {
            for run in [2, 3] as [Int64] {
                var record = try record(known, version: 9)
                record.operation = try operation(action, phase, run: run)
                #expect(verdict(plan, record) == expected, "\(known) \(action) \(phase)")
            }
        }
    }

    @Test("a plan to enable downloads nothing, whatever its own attempts have come to")
    func noOtherAction() async throws {
        let plan = try await saved(try record(.downloadedDisabled, version: 4))
        var record = try record(.deleted, version: 9)
        record.operation = try operation(.enable, .failed(failure, retryAt: later), run: 2)
        #expect(verdict(plan, record) == "left alone")
    }

    @Test("a plan made with --retry-failed holds although the device still counts as failed")
    func retryFailed() async throws {
        var record = try record(.downloadedDisabled, version: 4)
        record.operation = try operation(.enable, .failed(failure, retryAt: nil), run: 1, at: madeAt - .seconds(60))
        let plan = try await saved(record, retryFailed: true)
        #expect(verdict(plan, record) == "enable")
        record.version = 5
        #expect(verdict(plan, record) == "enable")
    }

    @Test("who has moved stays left alone for the rest of the run")
    func lasting() async throws {
        let saved = try await saved(try record(.downloadedDisabled, version: 4))
        var review = PlanReview(saved, runs: [RunNumber(2)], startedAt: later)
        #expect(review.refuse([0]) == [0])
        #expect(review.refuse([0]).isEmpty)
        let plan = Planner(now: later).plan(
            desired: saved.fleet, known: KnownFleet([try record(.downloadedDisabled, version: 4)]), within: review)
        #expect(plan.moved == [0] && plan.actions.isEmpty)
    }

    @Test("what has become of a moved device is said, with since when and by whom")
    func explanation() async throws {
        let saved = try await saved(try record(.downloadedDisabled, version: 4))
        func text(_ record: DeviceRecord?, _ run: RunRecord? = nil) -> String {
            MovedDevice(saved.plan.actions[0], record, run: run, saved).explanation
        }
        let observed = text(try record(.downloadedEnabled, version: 5))
        #expect(
            observed.contains(
                "was downloadedDisabled in the plan, and is downloadedEnabled, learnt at \(later) by callback"))
        #expect(observed.contains("as desired"))
        #expect(text(nil).contains("another store"))
        #expect(text(try record(.downloadedDisabled, version: 5, service: .suspended)).contains("line is suspended"))
        var changed = try record(.notDownloaded, version: 5)
        changed.operation = try operation(.disable, .succeeded, run: 8)
        let run = RunRecord(
            number: RunNumber(8), cause: RunCause(command: "apply", person: "bob on desk", process: 7), startedAt: later
        )
        #expect(text(changed, run).contains("`profilectl apply` by bob on desk, process 7 had asked for disable"))
    }
}
