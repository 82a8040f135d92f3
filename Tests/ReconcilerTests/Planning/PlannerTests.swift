import Testing

@testable import Reconciler

@Suite("Planning")
struct PlannerTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func record(_ number: Int, _ state: ProfileState?, service: ServiceState = .active) throws -> DeviceRecord {
        DeviceRecord(
            key: try Fleets.key(number), account: Fleets.account,
            observation: state.map {
                ProfileObservation(state: $0, profileStatus: nil, at: now, source: .callback)
            }, service: service, version: 3)
    }

    private func plan(_ state: String, _ records: [DeviceRecord], count: Int = 1) async throws -> Plan {
        Planner(now: now).plan(
            desired: try await Fleets.fleet(try Fleets.yaml(count, state: state)), known: KnownFleet(records))
    }

    @Test(
        "the table of the design decides the action",
        arguments: [
            ("downloaded-enabled", ProfileState.notDownloaded, ProfileAction?.some(.downloadEnable)),
            ("downloaded-enabled", .deleted, .downloadEnable), ("downloaded-enabled", .downloadedDisabled, .enable),
            ("downloaded-enabled", .downloadedEnabled, nil), ("downloaded-enabled", .unknown, nil),
            ("downloaded-disabled", .notDownloaded, .downloadDisable),
            ("downloaded-disabled", .deleted, .downloadDisable),
            ("downloaded-disabled", .downloadedDisabled, nil), ("downloaded-disabled", .downloadedEnabled, .disable),
            ("downloaded-disabled", .unknown, nil),
        ])
    func table(desired: String, known: ProfileState, action: ProfileAction?) async throws {
        let plan = try await plan(desired, [record(0, known)])
        #expect(plan.actions.first?.action == action)
        #expect(plan.actions.first?.version == (action == nil ? nil : 3))
        #expect(plan.exceptions.first?.reason.name == (known == .unknown ? "held" : nil))
    }

    @Test("a device that was never seen is planned and marked")
    func neverSeen() async throws {
        let plan = try await plan("downloaded-enabled", [])
        #expect(plan.actions.first?.action == .downloadEnable)
        #expect(plan.actions.first?.isUnverified == true)
        #expect(plan.actions.summary().unverified == 1)
    }

    @Test("a line that is not active blocks a change, and does not matter where none is needed")
    func blocked() async throws {
        for service in [ServiceState.suspended, .deactivated, .notOnAccount, .other("INVENTORY")] {
            let blocked = try await plan("downloaded-enabled", [record(0, .notDownloaded, service: service)])
            #expect(blocked.actions.isEmpty)
            #expect(blocked.exceptions.first?.reason == .blocked(service))
            let fine = try await plan("downloaded-enabled", [record(0, .downloadedEnabled, service: service)])
            #expect(fine.isConverged)
        }
    }

    private func operation(_ phase: Operation.Phase, _ action: ProfileAction = .downloadEnable) throws -> Operation {
        Operation(
            id: OperationID(1), key: try Fleets.key(0), action: action, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 2, request: RequestNumber(1), intendedAt: now - .seconds(60), phase: phase)
    }

    @Test("a device with an operation in flight gets no second one; one of unknown outcome is held")
    func inFlight() async throws {
        let phases: [(Operation.Phase, String)] = [
            (.intended, "in progress"), (.submitted(RequestID("r"), deadline: now), "in progress"),
            (.enablePending(deadline: now), "in progress"), (.unresolved(reason: "time-out"), "held"),
        ]
        for (phase, reason) in phases {
            var record = try record(0, .notDownloaded)
            record.operation = try operation(phase)
            let plan = try await plan("downloaded-enabled", [record])
            #expect(plan.actions.isEmpty)
            #expect(plan.exceptions.map(\.reason.name) == [reason])
        }
    }

    @Test("a failed device waits for its time, is tried again then, and is failed when a person is needed")
    func failed() async throws {
        let failure = OperationFailure(code: "8.1,5.1", carrierText: nil, explanation: "Busy.", remedy: .retry)
        var record = try record(0, .notDownloaded)
        record.operation = try operation(.failed(failure, retryAt: now + .seconds(1)))
        let early = try await plan("downloaded-enabled", [record])
        #expect(early.exceptions.map(\.reason.name) == ["waiting"])
        record.operation = try operation(.failed(failure, retryAt: now))
        let due = try await plan("downloaded-enabled", [record])
        #expect(due.actions.first?.attempt == 3)
        record.operation = try operation(.failed(failure, retryAt: nil))
        let forGood = try await plan("downloaded-enabled", [record])
        #expect(forGood.exceptions.map(\.reason.name) == ["failed"])
        // Another wish is no repetition.
        let otherWish = try await plan("downloaded-disabled", [record])
        #expect(otherWish.actions.first?.action == .downloadDisable)
        let again = Planner(now: now, retriesFailuresBefore: now + .seconds(1)).plan(
            desired: try await Fleets.fleet(try Fleets.yaml(1)), known: KnownFleet([record]))
        #expect(again.actions.first?.attempt == 1)
    }

    @Test("a device that the YAML no longer names is shown and never touched")
    func unmanaged() async throws {
        let plan = try await plan("downloaded-enabled", [record(0, .downloadedEnabled), record(5, .notDownloaded)])
        #expect(plan.actions.isEmpty)
        #expect(plan.unmanaged.map { $0 } == [try Fleets.key(5)])
    }

    @Test("known state that moved away after it had been reached is drift")
    func drift() async throws {
        var record = try record(0, .downloadedDisabled)
        record.reached = .downloadedEnabled
        let drifted = try await plan("downloaded-enabled", [record])
        #expect(drifted.actions.summary().drift == 1)
        record.reached = nil
        let notDrifted = try await plan("downloaded-enabled", [record])
        #expect(notDrifted.actions.summary().drift == 0)
    }

    @Test("a change of more than maxChange of what is there is reported; first downloads do not count")
    func largeChange() async throws {
        let present = try (0..<20).map { try record($0, $0 < 7 ? .downloadedDisabled : .downloadedEnabled) }
        let large = try await plan("downloaded-enabled", present, count: 40)
        #expect(large.largeChanges.first?.changes == 7)
        #expect(try await plan("downloaded-enabled", Array(present.dropFirst(2)), count: 40).largeChanges.isEmpty)
    }
}
