import Foundation

/// Makes the file of a store, readable by its owner only, where there is none.
enum PrivateFile {
    /// - Throws: `StateStoreError`
    static func create(at path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let files = FileManager.default
        // In this order: who makes a store makes its file before its log.
        let hasLog = isThere(path + "-wal")
        guard !files.fileExists(atPath: path) else { return }
        // SQLite would take the log of a file that is gone for the new file's, and empty it.
        if hasLog { throw StateStoreError(.logAlone, at: path) }
        do {
            if !files.fileExists(atPath: folder) {
                try files.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw Self.failure(at: path, error.localizedDescription)
        }
        // It gets its name when it is closed again: to close a file drops all locks that the process has on it, and
        // another thread may have opened it as a store by then.
        let draft = "\(path).\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            throw StoreFileFault(errno: code).map { StateStoreError($0, at: path) }
                ?? Self.failure(at: path, String(cString: strerror(code)))
        }
        close(descriptor)
        // Another process may have been faster; a file system that knows no links leaves the making to SQLite.
        link(draft, path)
        unlink(draft)
    }

    /// Whether there is a file with something in it.
    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 0
    }

    /// - Parameter words: the system's, where nothing better can be said.
    private static func failure(at path: String, _ words: String) -> StateStoreError {
        StoreFileFault.find(at: path).map { StateStoreError($0, at: path) }
            ?? StateStoreError(
                .cannotOpen,
                "The state store \(path) cannot be made: \(words). Check the owner and mode of its folder, or name "
                    + "another place with `state` or --state.")
    }
}
