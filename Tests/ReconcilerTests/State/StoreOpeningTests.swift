import Foundation
import Testing

@testable import Reconciler

@Suite("Opening a store")
struct StoreOpeningTests {
    @Test("one that is not there yet is opened by many threads at the same moment")
    func threads() async throws {
        for _ in 0..<10 {
            let folder = try TemporaryFolder()
            try await withThrowingTaskGroup { group in
                for _ in 0..<12 {
                    group.addTask {
                        let store = try SQLiteStore(path: folder.path + "/new/state.db")
                        try await store.write { try $0.raiseCounter("opened", by: 1) }
                    }
                }
                try await group.waitForAll()
            }
            let store = try SQLiteStore(path: folder.path + "/new/state.db")
            #expect(try await store.read { try $0.counters() } == ["opened": 12])
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/new")
            #expect(Set(files).isSubset(of: ["state.db", "state.db-wal", "state.db-shm"]))
        }
    }

    @Test("one that is not there yet is opened by many processes at the same moment")
    func processes() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        for round in 0..<3 {
            let runs = try (0..<6).map { _ in
                try Binary(
                    ["apply", "fleet.yaml", "--auto-approve", "--state", "sqlite:new-\(round)/state.db"],
                    in: folder.path)
            }
            for run in runs {
                let result = await run.result()
                // Without secrets it ends as soon as the store is open.
                #expect(result.exitCode == 1 && result.errors.contains("THINGSPACE_CLIENT_ID"), "\(result.errors)")
            }
            let store = try SQLiteStore(path: folder.path + "/new-\(round)/state.db")
            try await store.probe(at: SystemClock().now())
            #expect(try await store.read { try $0.pauses() }.isEmpty)
        }
    }

    /// SQLite's own locks are bytes of the file behind its first gigabyte; this one says that somebody is about to
    /// write. Held by an open file and not by the process, it is another process's for SQLite.
    private func reserve(_ descriptor: Int32, _ type: Int32) -> Int32 {
        var lock = flock()
        lock.l_type = Int16(type)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0001
        lock.l_len = 1
        let setOwnedByFile: Int32 = 37  // F_OFD_SETLK of Linux, which Swift does not see
        return fcntl(descriptor, setOwnedByFile, &lock)
    }

    @Test("who makes it while another process is about to do so waits for that one")
    func whileAnotherMakesIt() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("state.db", Data())
        let descriptor = open(path, O_RDWR)
        // To close it would drop the store's own locks.
        defer { close(descriptor) }
        try #require(reserve(descriptor, F_WRLCK) == 0)
        #expect(throws: StateStoreError.self) { try SQLiteStore(path: path, busyTimeout: .milliseconds(50)) }
        async let store = SQLiteStore(path: path)
        // How far the opening has come cannot be seen from outside; it must be over only after the lock is.
        try await Task.sleep(for: .milliseconds(50))
        try #require(reserve(descriptor, F_UNLCK) == 0)
        #expect(try await store.read { try $0.counters() } == [:])
    }

    @Test("each commit is synced to the disk")
    func synced() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let level = try await store.write { transaction in
            var level: Int64 = -1
            try (transaction as? SQLiteTransaction)?.statement("PRAGMA synchronous").run { level = $0.integer(0) }
            return level
        }
        #expect(level == 2, "2 is FULL; with 1, NORMAL, a power cut takes the latest commits away")
    }
}
