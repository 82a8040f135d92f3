import Foundation

/// Which file a store was opened as. Its path may come to mean another file, or none, while it is in use: SQLite goes on
/// writing to the one that was opened then, and what it writes is lost with the process.
struct StoreFileIdentity: Sendable {
    private struct Number: Hashable {
        let device: dev_t
        let inode: ino_t

        init?(path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            inode = status.st_ino
        }
    }

    private let path: String
    private let number: Number?

    /// - Parameter path: of the file as it is now.
    init(path: String) {
        self.path = path
        number = Number(path: path)
    }

    /// - Throws: `StateStoreError` if the path means another file by now, or none.
    func check() throws(StateStoreError) {
        let current = Number(path: path)
        guard current != number else { return }
        let what = current == nil ? "was deleted or moved away" : "was replaced by another file"
        throw StateStoreError(
            .replaced,
            "The state store \(path) \(what) while it was in use, so that nothing more is written down or sent. Stop all "
                + "runs on it, put the right file back, and start them again. Without it nobody knows what was asked of "
                + "the carrier last: then wait until its callbacks are over, and begin with `profilectl refresh`.")
    }
}
