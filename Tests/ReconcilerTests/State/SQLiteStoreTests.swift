import Foundation
import Testing

@testable import Reconciler

@Suite("State in SQLite")
struct SQLiteStoreTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_123)

    @Test("a record comes back as it was saved, and each change is a new version")
    func roundTrip() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = DeviceKey(eid: try #require(EID("0012")), iccid: try #require(ICCID("00012345678901234567")))
        var record = DeviceRecord(
            key: key, account: Fleets.account, imei: IMEI("012345678901234"),
            observation: ProfileObservation(
                state: .downloadedDisabled, profileStatus: "none", at: now, source: .deviceListV2),
            service: .other("PENDING_ACTIVATION"), reached: .downloadedEnabled)
        for version in 1...3 {
            let saved = record
            try await store.write { try $0.save([saved]) }
            record.version = Int64(version)
            let stored1 = try await store.read { try $0.devices([key])[key] }
            #expect(stored1 == record)
        }
    }

    @Test("a store whose file is gone and whose log is left is not made anew: the log is not touched")
    func logAlone() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        try folder.write("state.db-wal", "what was written last")
        let error = try #require(throws: StateStoreError.self) { try SQLiteStore(path: path) }
        #expect(error.reason == .cannotOpen && error.description.contains("without its log"), "\(error)")
        #expect(try String(contentsOfFile: path + "-wal", encoding: .utf8) == "what was written last")
        #expect(!FileManager.default.fileExists(atPath: path))
        // A log with nothing in it, as one may leave it behind, is in nobody's way.
        try folder.write("state.db-wal", "")
        _ = try SQLiteStore(path: path)
    }

    @Test("every phase of an operation comes back as it was written")
    func phases() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        let now = now
        let failure = OperationFailure(code: "8.1,5.1", carrierText: "a 'b' <c>", explanation: "Why.", remedy: .retry)
        let phases: [Reconciler.Operation.Phase] = [
            .submitted(RequestID("r"), deadline: now), .enablePending(deadline: now), .unresolved(reason: "x"),
            .unresolved(reason: "x", lookedUpAt: now),
            .succeeded, .failed(failure, retryAt: now), .failed(failure, retryAt: nil),
            .withdrawn(reason: "y", retryAt: now), .withdrawn(reason: "y", retryAt: nil),
        ]
        for phase in phases {
            let (written, read) = try await store.write { transaction in
                try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
                let request = try transaction.addRequest(
                    .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now)
                var operation = try transaction.addOperations(
                    [
                        OperationIntent(
                            key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 2)
                    ], under: request.number, at: now)[0]
                operation.phase = phase
                try transaction.update([operation])
                return (operation, try transaction.devices([key])[key]?.operation)
            }
            #expect(read == written)
            let fleet = try await store.read { try $0.knownFleet() }
            #expect(fleet.devices.count == 1)
            #expect(fleet.operation(of: fleet.devices[0]) == (written.mattersForPlan ? written : nil))
        }
    }

    @Test("the wave of a roll-out comes back as it was written, whatever its labels hold")
    func waves() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let labels = ["site": "lab, \"floor\" = 2", "ä": "", "a=b": "c"]
        for (limit, labels) in [(7, labels), (40, nil)] as [(Int, [String: String]?)] {
            let written = try await store.write { transaction in
                var rollout = try transaction.startRollout(of: "meters", at: Timestamp(milliseconds: 5))
                rollout.waveLimit = limit
                rollout.waveLabels = labels
                try transaction.update(rollout)
                return rollout
            }
            #expect(try await store.read { try $0.openRollouts().last } == written)
            #expect(try await store.read { try $0.knownFleet().rollouts.last } == written)
        }
    }

    @Test("the known fleet comes in the order of the keys")
    func order() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var random = SeededGenerator(seed: 11)
        let keys = try (0..<500).map { _ in
            DeviceKey(
                eid: try #require(EID(String(Int.random(in: 0...99_999, using: &random)))),
                iccid: try #require(ICCID(String(Int.random(in: 0...99, using: &random)))))
        }
        try await store.write { transaction in
            try transaction.save(keys.map { DeviceRecord(key: $0, account: Fleets.account) })
        }
        let read = try await store.read { try $0.knownFleet().devices.map(\.key) }
        #expect(read == Array(Set(keys)).sorted())
    }

    @Test("what a transaction wrote is gone if its body throws")
    func rollback() async throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        await #expect(throws: Stop.self) {
            try await store.write { transaction in
                try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
                throw Stop()
            }
        }
        let stored2 = try await store.read { try $0.devices([key]) }
        #expect(stored2.isEmpty)
    }

    @Test("the files can be read by their owner only")
    func mode() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/new/state.db"
        let store = try SQLiteStore(path: path)
        try await store.write { try $0.raiseCounter("x", by: 1) }
        for file in [path, path + "-wal", path + "-shm"] where FileManager.default.fileExists(atPath: file) {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600, "\(file)")
        }
    }

    @Test("a file that is no store is refused with a sentence")
    func notAStore() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("state.db", String(repeating: "no database at all\n", count: 100))
        let error = #expect(throws: StateStoreError.self) { try SQLiteStore(path: path) }
        #expect(error?.reason == .damaged)
        #expect(error?.description.contains(path) == true)
    }

    @Test("repeats of a message are one callback with a count")
    func repeats() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let now = now
        try await store.write { transaction in
            for digest in [1, 1, 2, 1] as [UInt8] {
                try transaction.keep([NewCallback(receivedAt: now, digest: [digest], redactedText: "{}")])
            }
        }
        let stored3 = try await store.read { try $0.unreadCallbacks(limit: 9).map(\.deliveries) }
        #expect(stored3 == [3, 1])
    }

    @Test("several stores on one file write side by side, and nothing is lost")
    func sideBySide() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let stores = try (0..<3).map { _ in try SQLiteStore(path: path) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in stores {
                group.addTask {
                    for _ in 0..<50 { try await store.write { try $0.raiseCounter("x", by: 1) } }
                }
            }
            try await group.waitForAll()
        }
        let stored4 = try await stores[0].read { try $0.counters() }
        #expect(stored4 == ["x": 150])
    }

    @Test("a device has at most four attempts an hour, whatever is planned")
    func attempts() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        let now = now
        let attempts = try await store.write { transaction in
            try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            for number in 0..<3 {
                let at = now + .seconds(number)
                let request = try transaction.addRequest(
                    .action(.enable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: at)
                var operation = try transaction.addOperations(
                    [
                        OperationIntent(
                            key: key, action: .enable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
                    ], under: request.number, at: at)[0]
                operation.phase = number == 1 ? .withdrawn(reason: "x", retryAt: nil) : .succeeded
                try transaction.update([operation])
            }
            return try transaction.attempts(of: [key], since: now - .seconds(1))
        }
        #expect(attempts == [key: 2], "what never left does not count")
    }
}
