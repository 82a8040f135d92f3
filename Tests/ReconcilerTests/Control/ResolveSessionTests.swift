import Foundation
import Testing

@testable import Reconciler

@Suite("Settling a device by hand")
struct ResolveSessionTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    /// A store with a device whose call may or may not have been taken, and a neighbour on the same eUICC if asked for.
    private func store(at path: String, hasNeighbour: Bool = false) async throws -> DeviceKey {
        let key = DeviceKey(eid: try Fleets.eid(1), iccid: try Fleets.iccid(1))
        let account = AccountName("0342077109-00001")
        let smsr = SmsrOid("1.2.3")
        let other = DeviceKey(eid: key.eid, iccid: try Fleets.iccid(2))
        let now = now
        try await SQLiteStore(path: path).write { transaction in
            try transaction.save([DeviceRecord(key: key, account: account)])
            if hasNeighbour { try transaction.save([DeviceRecord(key: other, account: account)]) }
            let request = try transaction.addRequest(
                .action(.downloadEnable, smsr), account: account, deviceCount: 1, at: now)
            var operations = try transaction.addOperations(
                [OperationIntent(key: key, action: .downloadEnable, account: account, smsr: smsr, attempt: 1)],
                under: request.number, at: now)
            operations[0].phase = .unresolved(reason: "the call left")
            try transaction.update(operations)
        }
        return key
    }

    private func session(_ path: String) -> ResolveSession {
        var settings = Settings()
        settings.state = "sqlite:\(path)"
        return ResolveSession(settings: settings, clock: SystemClock(), person: "ann on desk")
    }

    private func plan(_ path: String) async throws -> Plan {
        let fleet = try await Fleets.fleet(try Fleets.yaml(2))
        return Planner(now: SystemClock().now()).plan(
            desired: fleet, known: try await SQLiteStore(path: path).read { try $0.knownFleet() })
    }

    @Test("what a person says takes the place of the unknown outcome, and stands in the timeline")
    func resolves() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try await store(at: path)
        let held = try await plan(path).exceptions.filter { $0.key == key }
        #expect(held.map(\.reason.name) == ["held"])
        let device = try await session(path).resolve(key.eid, nil, as: "download_enable")
        #expect(device.profile == "downloadedEnabled" && device.source == "resolve")
        #expect(device.operation == "downloadEnable, succeeded")
        #expect(device.timeline.contains { $0.event == "resolved by hand" && $0.detail.contains("ann on desk") })
        let after = try await plan(path)
        #expect(!after.exceptions.contains { $0.key == key } && !after.actions.contains { $0.key == key })
    }

    @Test("a device that is settled as not downloaded is tried again, as a further attempt")
    func notDownloaded() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try await store(at: path)
        let device = try await session(path).resolve(key.eid, key.iccid, as: "Not Downloaded")
        #expect(device.profile == "notDownloaded")
        let later = Planner(now: SystemClock().now() + .seconds(3600)).plan(
            desired: try await Fleets.fleet(try Fleets.yaml(2)),
            known: try await SQLiteStore(path: path).read { try $0.knownFleet() })
        let action = try #require(later.actions.first { $0.key == key })
        #expect(action.action == .downloadEnable && action.attempt == 2)
    }

    @Test("a failure that a person finds done has failed no more")
    func refutedFailure() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try await store(at: path)
        try await SQLiteStore(path: path).write { transaction in
            var operation = try #require(try transaction.devices([key])[key]?.operation)
            let failure = OperationFailure(code: "1", carrierText: nil, explanation: "No.", remedy: .person)
            operation.phase = .failed(failure, retryAt: nil)
            try transaction.update([operation])
        }
        let device = try await session(path).resolve(key.eid, nil, as: "DISABLE")
        #expect(device.operation == "downloadEnable, failed")
        #expect(try await session(path).resolve(key.eid, nil, as: "ENABLE").operation == "downloadEnable, succeeded")
    }

    @Test("what is under way is not settled by hand, nor taken for not done before its time")
    func underWay() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try await store(at: path)
        let store = try SQLiteStore(path: path)
        let now = SystemClock().now()
        for (phase, intendedAt, word, isRefused) in [
            (.submitted(RequestID("r"), deadline: now), self.now, "NOT_DOWNLOADED", true),
            (.intended, self.now, "DOWNLOAD_ENABLE", true), (.unresolved(reason: "x"), now, "NOT_DOWNLOADED", true),
            (.unresolved(reason: "x"), now, "DOWNLOAD_ENABLE", false),
        ] as [(Reconciler.Operation.Phase, Timestamp, String, Bool)] {
            try await store.write { transaction in
                let request = try transaction.addRequest(
                    .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: intendedAt)
                let intent = OperationIntent(
                    key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
                var operations = try transaction.addOperations([intent], under: request.number, at: intendedAt)
                operations[0].phase = phase
                try transaction.update(operations)
            }
            if isRefused {
                await #expect(throws: SettingsError.self, "\(phase)") {
                    try await session(path).resolve(key.eid, nil, as: word)
                }
            } else {
                #expect(try await session(path).resolve(key.eid, nil, as: word).profile == "downloadedEnabled")
            }
        }
    }

    @Test("an unknown word, an unknown device and one profile of several unnamed are refused with a sentence")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let key = try await store(at: path, hasNeighbour: true)
        for (eid, iccid, word, expected) in [
            (key.eid, nil, "DISABLE", "--iccid"), (key.eid, key.iccid, "UNKNOWN", "settles"),
            (key.eid, key.iccid, "on", "settles"), (try Fleets.eid(9), nil, "DISABLE", "knows no device"),
        ] as [(EID, ICCID?, String, String)] {
            let error = await #expect(throws: SettingsError.self) {
                try await session(path).resolve(eid, iccid, as: word)
            }
            #expect(error?.description.contains(expected) == true)
        }
    }
}
