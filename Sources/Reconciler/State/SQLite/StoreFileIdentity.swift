import Foundation
import Synchronization

/// Which files a store was opened as: the database, its log and the index of that. A path may come to mean another file,
/// or none, while it is in use: SQLite goes on writing to the one that was opened then, and what it writes is lost with
/// the process.
final class StoreFileIdentity: Sendable {
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
    /// Where the files are: SQLite keeps its log beside the file that a link means.
    private let files: [String]
    /// The files as they were opened; the log and its index may come to be later than the database.
    private let numbers: Mutex<[String: Number]>

    /// - Parameter path: of the file as it is now.
    init(path: String) {
        self.path = path
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        files = [path, file + "-wal", file + "-shm"]
        numbers = Mutex(Self.current(files))
    }

    private static func current(_ files: [String]) -> [String: Number] {
        var numbers: [String: Number] = [:]
        for file in files { numbers[file] = Number(path: file) }
        return numbers
    }

    /// - Throws: `StateStoreError` if a path means another file by now, or none.
    func check() throws(StateStoreError) {
        let current = Self.current(files)
        let changed = numbers.withLock { numbers -> String? in
            for file in files where numbers[file] == nil { numbers[file] = current[file] }
            return files.first { numbers[$0] != current[$0] }
        }
        guard let changed else { return }
        let what = current[changed] == nil ? "was deleted or moved away" : "was replaced by another file"
        let subject =
            changed == path ? "The state store \(path)" : "The file \(changed), a part of the state store \(path),"
        throw StateStoreError(
            .replaced,
            "\(subject) \(what) while it was in use, so that nothing more is written down or sent. Stop all "
                + "runs on it, put the right file back, and start them again. Without it nobody knows what was asked of "
                + "the carrier last: then wait until its callbacks are over, and begin with `profilectl refresh`.")
    }
}
