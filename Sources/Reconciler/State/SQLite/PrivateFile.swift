import Foundation

/// Makes the file of a store, readable by its owner only, where there is none.
enum PrivateFile {
    /// - Throws: `StateStoreError`
    static func create(at path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let files = FileManager.default
        guard !files.fileExists(atPath: path) else { return }
        do {
            if !files.fileExists(atPath: folder) {
                try files.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw StateStoreError(
                .cannotOpen, "The folder \(folder) for the state store cannot be made: \(error.localizedDescription)")
        }
        // It gets its name when it is closed again: to close a file drops all locks that the process has on it, and
        // another thread may have opened it as a store by then.
        let draft = "\(path).\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            throw StateStoreError(
                [EROFS, EACCES].contains(code) ? .readOnly : .cannotOpen,
                "The state store \(path) cannot be made: \(String(cString: strerror(code))). Check the owner and mode "
                    + "of its folder.")
        }
        close(descriptor)
        // Another process may have been faster; a file system that knows no links leaves the making to SQLite.
        link(draft, path)
        unlink(draft)
    }
}
