import Foundation

/// The programs that are measured, and a folder for what they work on.
struct Tools: Sendable {
    static let profilectl = own + "/profilectl"
    static let yardstick = own + "/Yardstick"
    let folder: String

    private static let own = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().path

    init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { folder + "/" + name }

    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        return path(name)
    }

    /// Removes a database with what belongs to it.
    func remove(_ name: String) throws {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path(name + suffix)) {
            try FileManager.default.removeItem(atPath: path(name + suffix))
        }
    }

    /// Where a program is installed, if it is.
    func find(_ name: String) -> String? {
        let paths = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return paths.split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
