import Foundation
import Testing

@testable import Reconciler

@Suite("Writing to SQLite")
struct SQLiteWriterTests {
    @Test("a commit is synced to the disk: a power cut takes nothing that was acknowledged")
    func durability() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let (synchronous, journal) = try await store.write { transaction in
            let sqlite = try #require(transaction as? SQLiteTransaction)
            var synchronous: Int64 = -1
            var journal = ""
            try sqlite.statement("PRAGMA synchronous").run { synchronous = $0.integer(0) }
            try sqlite.statement("PRAGMA journal_mode").run { journal = $0.text(0) }
            return (synchronous, journal)
        }
        #expect(synchronous == 2, "2 is FULL: the write-ahead log is synced at each commit")
        #expect(journal == "wal")
    }

    @Test("of pieces of work that come together, one that throws takes back what it wrote and nothing else")
    func together() async throws {
        struct Stop: Error, Equatable { let number: Int }
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let results = await withTaskGroup(of: (Int, Result<Int, any Error>).self) { group in
            for number in 0..<300 {
                group.addTask {
                    do {
                        let value = try await store.write { transaction in
                            try transaction.raiseCounter("\(number)", by: 1)
                            try transaction.raiseCounter("all", by: 1)
                            if number % 7 == 3 { throw Stop(number: number) }
                            return number
                        }
                        return (number, .success(value))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Int: Result<Int, any Error>]()) { $0[$1.0] = $1.1 }
        }
        let counters = try await store.read { try $0.counters() }
        for number in 0..<300 {
            switch results[number] {
            case .success(let value):
                #expect(value == number && number % 7 != 3)
                #expect(counters["\(number)"] == 1, "\(number) was told that it is written, once")
            case .failure(let error):
                #expect(error as? Stop == Stop(number: number), "\(number) is told its own error")
                #expect(counters["\(number)"] == nil, "\(number)")
            case nil:
                Issue.record("\(number) was told nothing")
            }
        }
        #expect(counters["all"] == Int64(results.values.count { (try? $0.get()) != nil }))
    }

    @Test("what was begun is written, although its task is cancelled: an outcome that is known must not be lost")
    func cancelled() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.write { try $0.raiseCounter("x", by: 1) }
        }
        try await task.value
        #expect(try await store.read { try $0.counters() } == ["x": 1])
    }

    @Test("nothing more is written once the file was deleted, moved away or replaced", arguments: [false, true])
    func replaced(_ isReplaced: Bool) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        try await store.write { try $0.raiseCounter("before", by: 1) }
        try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
        if isReplaced {
            // With its log there, a new one is refused.
            for name in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: path + name) }
            _ = try SQLiteStore(path: path)
        }
        let error = try await #require(throws: StateStoreError.self) {
            try await store.write { try $0.raiseCounter("after", by: 1) }
        }
        #expect(error.reason == .replaced)
        #expect(error.description.contains(isReplaced ? "replaced by another file" : "deleted or moved away"))
        if !isReplaced {
            // The right file, put back, is good again.
            try FileManager.default.moveItem(atPath: path + ".old", toPath: path)
            try await store.write { try $0.raiseCounter("back", by: 1) }
            #expect(try await store.read { try $0.counters() }.keys.sorted() == ["back", "before"])
        }
    }
}
