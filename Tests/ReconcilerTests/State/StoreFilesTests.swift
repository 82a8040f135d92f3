import Foundation
import GRDB
import Testing

@testable import Reconciler

@Suite("The files of a store")
struct StoreFilesTests {
    @Test("one that is gone or replaced ends reading and writing", arguments: ["", "-wal", "-shm"])
    func replaced(end: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        try await store.write { try $0.raiseCounter("a", by: 1) }
        for replacement in [nil, "something else"] as [String?] {
            try FileManager.default.removeItem(atPath: path + end)
            if let replacement { try folder.write("state.db" + end, replacement) }
            let read = await #expect(throws: StateStoreError.self) { try await store.read { try $0.counters() } }
            #expect(read?.reason == .replaced)
            let written = await #expect(throws: StateStoreError.self) {
                try await store.write { try $0.raiseCounter("a", by: 1) }
            }
            #expect(written?.reason == .replaced && written?.description.contains("state.db" + end) == true)
            if replacement == nil { try folder.write("state.db" + end, "") }
        }
    }

    @Test("one that is mounted alone is refused at the start", SmallDisk.isThere)
    func mountedAlone() async throws {
        let folder = try TemporaryFolder()
        _ = try SQLiteStore(path: folder.path + "/a b.db")
        let launcher = [
            "unshare", "--map-root-user", "--mount", "sh", "-c", "mount --bind 'a b.db' 'a b.db' && exec \"$@\"", "sh",
        ]
        let refused = try await Binary(
            ["status", "--state", "sqlite:a b.db"], in: folder.path, launcher: launcher
        ).result()
        #expect(refused.exitCode == 1 && refused.errors.contains("is mounted"), "\(refused.output)\(refused.errors)")
        let status = try await Binary.run(["status", "--state", "sqlite:a b.db"], in: folder.path)
        #expect(status.exitCode == 0, "\(status.errors)")
    }

    @Test("after an orderly end the database is whole without its log")
    func logIsCopied() async throws {
        let folder = try TemporaryFolder()
        _ = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        #expect(try await Binary.run(["pause"], in: folder.path).exitCode == 0)
        try FileManager.default.copyItem(
            atPath: folder.path + "/.profilectl/state.db", toPath: folder.path + "/copy.db")
        let copy = try SQLiteStore(path: folder.path + "/copy.db")
        #expect(try await copy.read { try $0.pauses().count } == 1)
    }

    @Test("a backup is one whole file that only its owner can read")
    func backup() async throws {
        let folder = try TemporaryFolder()
        let other = try SQLiteStore(path: folder.path + "/.profilectl/state.db")
        try await other.write { try $0.raiseCounter("a", by: 7) }
        let made = try await Binary.run(["state", "backup", "copies/state.db"], in: folder.path)
        #expect(made.exitCode == 0, "\(made.output)\(made.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/copies")
        #expect(files == ["state.db"])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/copies/state.db")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let copy = try SQLiteStore(path: folder.path + "/copies/state.db")
        #expect(try await copy.read { try $0.counters() } == ["a": 7])
        let again = try await Binary.run(["state", "backup", "copies/state.db"], in: folder.path)
        #expect(again.exitCode == 1 && again.errors.contains("there already"))
        let none = try await Binary.run(["state", "check", "--state", "sqlite:none.db"], in: folder.path)
        #expect(none.exitCode == 1 && none.errors.contains("There is no state store"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none.db"))
    }

    @Test("the log is cut after a reader that took long")
    func logIsCut() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let limit = try await store.write { transaction in
            var limit: Int64 = -1
            try (transaction as? SQLiteTransaction)?.statement("PRAGMA journal_size_limit").run {
                limit = $0.integer(0)
            }
            return limit
        }
        #expect(limit == 16 << 20)
    }
}
