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
            // What is known of a profile that the account does not have any more is worth nothing.
            #expect(fine.isConverged == (service != .notOnAccount))
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
        #expect(notDrifted.drifts.isEmpty)
    }

    @Test("drift is told with what it was, what it is, since when and by whom; a state nobody knows is no drift")
    func drifts() async throws {
        var records = try (0..<5).map { try record($0, .downloadedDisabled) }
        for index in records.indices { records[index].reached = .downloadedEnabled }
        let since = now - .seconds(60)
        records[0].reachedSeenAt = since - .seconds(60)
        records[0].change = ProfileChange(at: since, source: .callback, foreignRequest: RequestID("theirs"))
        records[1].change = ProfileChange(at: since, source: .deviceListV2)
        records[2].service = .suspended
        records[3].observation?.state = .unknown
        records[4].reached = .downloadedDisabled
        let plan = try await plan("downloaded-enabled", records, count: 6)
        #expect(plan.drifts.map(\.key) == records.prefix(3).map(\.key))
        let first = try #require(plan.drifts.first)
        #expect(first.was == .downloadedEnabled && first.isNow == .downloadedDisabled)
        #expect(first.since == since && first.lastSeenAsDesired == since - .seconds(60) && first.seenAt == now)
        #expect(first.cause.contains("theirs"))
        #expect(plan.drifts[1].cause.contains("v2 device list"))
        #expect(plan.actions.map(\.isDrift) == [true, true, false, false], "the last was never there")
        #expect(plan.exceptions.map(\.reason.name) == ["blocked", "held"])
        var json: [UInt8] = []
        PlanJSON(plan).write { json += $0 }
        let document = try JSONValue(json: json)
        #expect(document["drifts"]?.elements.count == 3)
        #expect(document["drifts"]?.elements.first?["requestId"]?.text == "theirs")
        #expect(document["drifts"]?.elements.first?["lastSeenAsDesired"]?.text == (since - .seconds(60)).description)
    }

    @Test("a change of more than maxChange of what is there is reported; first downloads do not count")
    func largeChange() async throws {
        let present = try (0..<20).map { try record($0, $0 < 7 ? .downloadedDisabled : .downloadedEnabled) }
        let large = try await plan("downloaded-enabled", present, count: 40)
        #expect(large.largeChanges.first?.changes == 7)
        #expect(try await plan("downloaded-enabled", Array(present.dropFirst(2)), count: 40).largeChanges.isEmpty)
    }

    private func drifted(_ number: Int) throws -> DeviceRecord {
        var record = try record(number, .notDownloaded)
        record.reached = .downloadedEnabled
        return record
    }

    @Test("what changes in many small sets at once is too much, although a share of each says nothing")
    func smallSets() async throws {
        let texts = try (0..<4).map { try Fleets.yaml(4, name: "set-\($0)", from: 4 * $0) }
        let fleet = try await Fleets.fleet(texts.joined(separator: "\n---\n"))
        func largeChanges(_ records: [DeviceRecord]) -> [LargeChange] {
            Planner(now: now).plan(desired: fleet, known: KnownFleet(records)).largeChanges
        }
        let all = try (0..<16).map { try drifted($0) }
        let large = largeChanges(all)
        #expect(large.map(\.profileSets) == [["set-0", "set-1", "set-2", "set-3"]])
        #expect(large.allSatisfy { $0.changes == 16 && $0.present == 16 })
        // One small set alone may move; what people want to change counts as well.
        let settled = try (4..<16).map { try record($0, .downloadedEnabled) }
        #expect(largeChanges(Array(all.prefix(4)) + settled).isEmpty)
        #expect(largeChanges(try (0..<16).map { try record($0, .downloadedDisabled) }).map(\.changes) == [16])
    }

    @Test("a small set is judged with the large ones where there are few such devices: an outage moves all of them")
    func smallSetBesideLargeOnes() async throws {
        let texts = [try Fleets.yaml(20, name: "large"), try Fleets.yaml(4, name: "small", from: 20)]
        let fleet = try await Fleets.fleet(texts.joined(separator: "\n---\n"))
        func held(_ records: [DeviceRecord]) -> [String] {
            Planner(now: now).plan(desired: fleet, known: KnownFleet(records)).largeChanges.flatMap(\.profileSets)
        }
        #expect(held(try (0..<24).map { try drifted($0) }) == ["large", "small"])
        // The small set alone may move.
        #expect(held(try (0..<24).map { try $0 < 20 ? record($0, .downloadedEnabled) : drifted($0) }).isEmpty)
        // What moved in the large one says nothing of a small one that did not, or hardly.
        #expect(held(try (0..<24).map { try $0 < 21 ? drifted($0) : record($0, .downloadedEnabled) }) == ["large"])
    }

    @Test("in a fleet of a few devices several profiles gone at once are too much; one, or other drift, is not")
    func smallFleet() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(5))
        func held(_ records: [DeviceRecord]) -> [Int] {
            Planner(now: now).plan(desired: fleet, known: KnownFleet(records)).largeChanges.map(\.changes)
        }
        #expect(held(try (0..<5).map { try drifted($0) }) == [5])
        #expect(held(try (0..<5).map { try $0 < 2 ? drifted($0) : record($0, .downloadedEnabled) }) == [2])
        #expect(held(try (0..<5).map { try $0 < 1 ? drifted($0) : record($0, .downloadedEnabled) }).isEmpty)
        let disabled = try (0..<5).map { number in
            var record = try record(number, .downloadedDisabled)
            record.reached = .downloadedEnabled
            return record
        }
        #expect(held(disabled).isEmpty)
        #expect(held([]).isEmpty, "first downloads")
    }

    @Test("drift that is told bit by bit is too much in the end: what is being taken back counts")
    func driftByBits() async throws {
        var records = try (0..<20).map { try $0 < 7 ? drifted($0) : record($0, .downloadedEnabled) }
        for number in 0..<5 {
            records[number].operation = Operation(
                id: OperationID(Int64(number)), key: records[number].key, action: .downloadEnable,
                account: Fleets.account, smsr: Fleets.smsr, attempt: 1, request: RequestNumber(1),
                intendedAt: now - .seconds(60),
                phase: .submitted(RequestID("r"), deadline: now + .seconds(600)))
        }
        let plan = try await plan("downloaded-enabled", records, count: 20)
        #expect(plan.actions.count == 2)
        #expect(plan.largeChanges.first?.changes == 7)
    }

    @Test("profiles that were seen on devices and vanish do not become first downloads")
    func vanished() async throws {
        let records = try (0..<20).map { number in
            var record = try record(number, .downloadedDisabled)
            record.learn(.unknown, status: nil, at: now + .seconds(1), source: .deviceListV2)
            record.learn(.notDownloaded, status: nil, at: now + .seconds(2), source: .deviceListV2)
            return record
        }
        #expect(records.allSatisfy { $0.reached == .downloadedDisabled && $0.reachedSeenAt == now })
        #expect(try await plan("downloaded-enabled", records, count: 20).largeChanges.first?.changes == 20)
        #expect(try await plan("downloaded-disabled", records, count: 20).drifts.count == 20)
    }
}
