import Foundation
import Testing

@testable import Reconciler

@Suite("Files that a person names for output")
struct OutputFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, keepsMode: Bool = false) throws -> String? {
        do {
            try OutputFile(folder.path + "/" + name, mode: 0o600, keepsMode: keepsMode).write {
                try $0(Array("new".utf8))
            }
            return nil
        } catch {
            return error.reason
        }
    }

    private func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: folder.path + "/" + name).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a regular file is made or replaced, only the user may read it, and no draft stays")
    func regular() throws {
        #expect(try write("a") == nil)
        #expect(text("a") == "new")
        #expect(try mode("a") == 0o600)
        try folder.write("b", "old")
        chmod(folder.path + "/b", 0o644)
        #expect(try write("b", keepsMode: true) == nil)
        #expect(text("b") == "new")
        #expect(try mode("b") == 0o644)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a", "b"])
    }

    @Test("a link, a folder and what a link leads to stay as they are")
    func refused() throws {
        try folder.write("target", "old")
        symlink("target", folder.path + "/link")
        symlink("nothing", folder.path + "/dangling")
        mkdir(folder.path + "/sub", 0o700)
        for name in ["link", "dangling", "sub"] {
            let reason = try #require(try write(name))
            #expect(reason.contains("not replaced"), "\(reason)")
        }
        #expect(text("target") == "old")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/nothing"))
        #expect(try write("missing/a")?.contains("cannot be written") == true)
    }

    @Test("another user's file stays", .enabled(if: geteuid() == 0, "only root can give files away"))
    func foreign() throws {
        try folder.write("a", "old")
        chown(folder.path + "/a", 1234, 1234)
        mkfifo(folder.path + "/pipe", 0o666)
        chown(folder.path + "/pipe", 1234, 1234)
        for name in ["a", "pipe"] { #expect(try write(name)?.contains("another user") == true) }
        #expect(text("a") == "old")
    }

    @Test("a device and a pipe are written to, and stay what they are")
    func streams() throws {
        symlink("/dev/null", folder.path + "/null")
        #expect(try write("null") == nil)
        symlink("/dev/full", folder.path + "/full")
        #expect(try write("full")?.contains("No space left") == true)
        mkfifo(folder.path + "/pipe", 0o600)
        let reader = open(folder.path + "/pipe", O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        #expect(try write("pipe") == nil)
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(read(reader, &bytes, 8) == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["full", "null", "pipe"])
    }

    @Test("import replaces no link, and waits for no pipe")
    func importing() throws {
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        let record = DeviceRecord(
            key: try Fleets.key(0), account: Fleets.account,
            observation: ProfileObservation(state: .downloadedEnabled, profileStatus: nil, at: now, source: .callback))
        let documents = ImportedDocument.documents(
            of: try ImportedFleet([record], [:], smsr: Fleets.smsr), split: .account)
        let name = try #require(documents.first).name + ".yaml"
        try folder.write("target", "old")
        symlink("target", folder.path + "/" + name)
        #expect(throws: SettingsError.self) { try ImportFiles.write(documents, into: folder.path, overwrites: true) }
        #expect(text("target") == "old")
        unlink(folder.path + "/" + name)
        mkfifo(folder.path + "/" + name, 0o600)
        #expect(throws: SettingsError.self) { try ImportFiles.write(documents, into: folder.path, overwrites: false) }
        unlink(folder.path + "/" + name)
        #expect(try ImportFiles.write(documents, into: folder.path, overwrites: false).count == 1)
        #expect(try ImportFiles.write(documents, into: folder.path, overwrites: false).isEmpty, "it holds the same")
    }
}
