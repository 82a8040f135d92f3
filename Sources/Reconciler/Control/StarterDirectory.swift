import Foundation

/// The directory that people begin with: settings and a made-up fleet, with comments.
///
/// Nothing that is there is ever written over: files are made only where there are none.
public struct StarterDirectory: Sendable {
    private let path: String

    /// - Parameter path: made if need be.
    public init(path: String) {
        self.path = path
    }

    /// A file that was there before.
    public struct KeptFile: Sendable {
        public let name: String
        /// What the person may want to add to it.
        public let advice: String
    }

    /// What came of it.
    public struct Written: Sendable {
        public let files: [String]
        public let kept: [KeptFile]
        /// What to do now.
        public let nextSteps: String
    }

    /// Where one of these is, somebody has begun already.
    private static let ownNames = ["profilectl.yaml", "fleet", "schema"]

    /// Writes all files, or none where somebody has begun already.
    ///
    /// - Throws: `SettingsError`
    public func write() throws -> Written {
        let taken = Self.ownNames.filter { FileManager.default.fileExists(atPath: path + "/" + $0) }
        guard taken.isEmpty else {
            throw SettingsError(
                "\(path) holds \(taken.joined(separator: ", ")) already: nothing was written. Name another directory, "
                    + "or move them away.")
        }
        var written: [String] = []
        var kept: [KeptFile] = []
        for file in try StarterFile.all() {
            if try make(file) {
                written.append(file.name)
            } else {
                kept.append(KeptFile(name: file.name, advice: file.adviceIfThere))
            }
        }
        let change = path == "." ? "" : "  cd \(path)\n"
        return Written(
            files: written, kept: kept,
            nextSteps: """
                Try it:
                \(change)  profilectl validate fleet
                  profilectl plan fleet
                  profilectl apply fleet --simulate
                """)
    }

    /// - Returns: `false` if there is a file of that name.
    private func make(_ file: StarterFile) throws -> Bool {
        let target = URL(fileURLWithPath: path).appendingPathComponent(file.name)
        do {
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw SettingsError(
                "The folder \(target.deletingLastPathComponent().path) cannot be made: \(error.localizedDescription)")
        }
        // The system itself sees to it that nothing is written over, whoever else writes there.
        let descriptor = open(target.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == EEXIST { return false }
        guard descriptor >= 0 else {
            throw SettingsError("\(target.path) cannot be written: \(String(cString: strerror(errno))).")
        }
        do {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try handle.write(contentsOf: Data(file.text.utf8))
            try handle.close()
        } catch {
            throw SettingsError("\(target.path) cannot be written: \(error.localizedDescription)")
        }
        return true
    }
}
