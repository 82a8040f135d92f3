import Foundation
import GRDB
import Testing

@testable import Reconciler

/// What a person is told who runs the program on a store that cannot be used.
@Suite("A store that cannot be used", .serialized)
struct StoreFaultTests {
    /// Words of SQLite and of the system that say nothing to who reads them.
    private static let rawWords = [
        "I/O error", "database is locked", "unable to open", "malformed", "not a database", "readonly", "SQLITE_",
        "NSCocoa", "DatabaseError", "errno",
    ]

    /// Root may write everywhere; so the program runs as root without that right.
    private static let withoutRootsRight =
        geteuid() == 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []

    /// How the settings name the store.
    private static let named = ".profilectl/state.db"

    /// A fleet of which a part is there, so that there is a store and something left to do.
    private struct Scene {
        let fleet: SimulatedFleet
        let files = FileManager.default

        var folder: String { fleet.folder.path + "/.profilectl" }
        var store: String { fleet.storePath }
        private var aside: String { fleet.folder.path + "/aside" }

        init() async throws {
            fleet = try await SimulatedFleet([("a", 4), ("b", 4)], rollout: "requestsPerSecond: 100")
            let first = try await fleet.apply("a").result()
            #expect(first.exitCode == 0, "\(first.output)\(first.errors)")
            // A process may leave the log beside the store; the last one that closes it takes it away.
            let database = try DatabaseQueue(path: fleet.storePath)
            _ = try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM device") }
            try database.close()
            #expect(!files.fileExists(atPath: fleet.storePath + "-wal"))
        }

        /// An apply ends with a sentence that has these parts, and nothing was sent.
        func expectRefusal(
            _ parts: [String], launcher: [String] = [], environment: [String: String] = [:], _ remark: Comment
        ) async throws {
            let result = try await fleet.apply("b", environment: environment, launcher: launcher).result()
            #expect(result.exitCode == 1, remark)
            #expect(result.errors.contains("error: "), "\(remark): \(result.errors)")
            for part in parts { #expect(result.errors.contains(part), "\(remark): \(result.errors)") }
            for word in StoreFaultTests.rawWords {
                #expect(!result.errors.contains(word), "\(remark): \(result.errors)")
            }
            #expect(try await fleet.count("acceptedDevices", "download_enable") == 4, remark)
        }

        /// Puts something else in the place of a file as long as `work` takes.
        func replacing(_ path: String, _ replace: () throws -> Void, _ work: () async throws -> Void) async throws {
            try files.moveItem(atPath: path, toPath: aside)
            try replace()
            try await work()
            try files.removeItem(atPath: path)
            try files.moveItem(atPath: aside, toPath: path)
        }

        func withMode(_ mode: Int, of path: String, _ work: () async throws -> Void) async throws {
            let before = try files.attributesOfItem(atPath: path)[.posixPermissions] ?? 0o700
            try files.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            try await work()
            try files.setAttributes([.posixPermissions: before], ofItemAtPath: path)
        }

        /// When the fault is gone, the same command goes on.
        func converge() async throws {
            let result = try await fleet.apply("b").result()
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
            #expect(try await fleet.enabledDevices() == 8)
            #expect(try await fleet.count("repeatedDownloads") == 0)
            await fleet.end()
        }
    }

    @Test("another thing in its place, a damaged one: what, where, and what to do, and nothing is sent")
    func otherThings() async throws {
        let scene = try await Scene()
        let store = scene.store
        try await scene.replacing(store) {
            try scene.files.createDirectory(atPath: store, withIntermediateDirectories: false)
        } _: {
            try await scene.expectRefusal([Self.named, "is a directory", "Name a file in it"], "directory")
        }
        try await scene.replacing(store) {
            try scene.fleet.folder.write(".profilectl/state.db", String(repeating: "a list of meters\n", count: 500))
        } _: {
            try await scene.expectRefusal([Self.named, "is not a state store", "Check the path"], "no database")
        }
        try await scene.replacing(store) {
            try DatabaseQueue(path: store).write { try $0.execute(sql: "CREATE TABLE bookmark (url TEXT)") }
        } _: {
            try await scene.expectRefusal([Self.named, "database of another program", "--state"], "another's database")
            let tables = try await DatabaseQueue(path: store).read {
                try String.fetchAll($0, sql: "SELECT name FROM sqlite_master")
            }
            #expect(tables == ["bookmark"])
        }
        try await scene.replacing(scene.folder) {
            try scene.fleet.folder.write(".profilectl", "a file")
        } _: {
            try await scene.expectRefusal([scene.folder, "is a file, and must be a folder"], "file for a folder")
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: store))
        try await scene.replacing(store) {
            // The first page stays: it is a database, and its tables are gone.
            let rest = Data(repeating: 0xAB, count: whole.count - 4096)
            try scene.fleet.folder.write(".profilectl/state.db", whole.prefix(4096) + rest)
        } _: {
            try await scene.expectRefusal(
                [Self.named, "is damaged", "Restore it from a copy", "profilectl refresh"], "damaged")
        }
        try await scene.converge()
    }

    @Test("one that may not be written, may not grow, or is locked: why, and what to do, and nothing is sent")
    func notToBeWritten() async throws {
        let scene = try await Scene()
        let store = scene.store
        try await scene.withMode(0o500, of: scene.folder) {
            try await scene.expectRefusal(
                [Self.named, "may not write to the folder \(scene.folder)", "owner and mode"],
                launcher: Self.withoutRootsRight, "read-only folder")
        }
        try await scene.withMode(0o400, of: store) {
            try await scene.expectRefusal(
                ["may not read and write \(Self.named)", "owner and mode"], launcher: Self.withoutRootsRight,
                "read-only file")
        }
        try await scene.replacing(scene.folder) {
            try scene.files.createDirectory(
                atPath: scene.folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o500])
        } _: {
            try await scene.expectRefusal(
                [Self.named, "may not write to the folder \(scene.folder)"], launcher: Self.withoutRootsRight,
                "read-only folder without a store")
        }
        try await scene.expectRefusal(
            [Self.named, "may not grow any more", "ulimit -f", "run the same command again"],
            launcher: ["prlimit", "--fsize=8192"], "size limit")
        let lock = try WriteLock(on: store)
        try await scene.expectRefusal(
            [Self.named, "is locked", "`stateTimeout`", "profilectl status"],
            environment: ["PROFILECTL_STATE_TIMEOUT": "200ms"], "locked")
        let status = try await scene.fleet.run(["status"])
        #expect(status.exitCode == 0, "who is told to look at the status can do so")
        try lock.release()
        try await scene.converge()
    }

    @Test("a full disk and one that is mounted for reading only, before there is a store and after", SmallDisk.isThere)
    func disks() async throws {
        let fleet = try await SimulatedFleet([("a", 4)], rollout: "requestsPerSecond: 100")
        let disk = try await SmallDisk(over: fleet.folder.path + "/.profilectl", kilobytes: 4096)
        let remount = "mount -o remount"
        for isThere in [false, true] {
            if isThere {
                // Without secrets a run ends as soon as the store is there.
                let made = try await Binary(
                    ["apply", "a.yaml", "--auto-approve"], in: "/", launcher: disk.launcher
                ).result()
                #expect(made.exitCode == 1 && made.errors.contains("THINGSPACE_CLIENT_ID"), "\(made.errors)")
                #expect(try await Binary(["status"], in: "/", launcher: disk.launcher).result().exitCode == 0)
            }
            try await disk.fill()
            let full = try await fleet.apply("a", launcher: disk.launcher).result()
            #expect(full.exitCode == 1 && full.errors.contains("is full"), "\(isThere): \(full.errors)")
            #expect(full.errors.contains(Self.named) && full.errors.contains("Make room"), "\(full.errors)")
            try await disk.makeRoom()
            #expect(try await disk.run("\(remount),ro \"$0\"").exitCode == 0)
            let readOnly = try await fleet.apply("a", launcher: disk.launcher).result()
            #expect(
                readOnly.exitCode == 1 && readOnly.errors.contains("its file system is read-only"),
                "\(isThere): \(readOnly.errors)")
            #expect(try await disk.run("\(remount),rw \"$0\"").exitCode == 0)
        }
        #expect(try await fleet.count("acceptedDevices", "download_enable") == 0)
        let result = try await fleet.apply("a", launcher: disk.launcher).result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(try await fleet.enabledDevices() == 4)
        await fleet.end()
    }
}
