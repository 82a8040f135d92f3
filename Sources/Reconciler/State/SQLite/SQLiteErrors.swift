import Foundation
import GRDB

extension StateStoreError {
    /// Says what SQLite's error means for the person in front of it. SQL, arguments and SQLite's words are left out.
    init(_ error: DatabaseError, at path: String) {
        let code = "SQLite's code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.diskFull, at: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            self.init(
                .locked,
                "The state store \(path) is locked: another process has been writing to it for longer than is waited for "
                    + "(`stateTimeout`). `profilectl status` shows the runs on it; see what holds it, and run the same "
                    + "command again: it goes on from what is kept.")
        case .SQLITE_NOTADB:
            self.init(
                .damaged,
                "\(path) is not a state store: it is no SQLite database, or its beginning is damaged. Check the path "
                    + "(`state` or --state), or restore the store from a copy.")
        case .SQLITE_CORRUPT:
            self.init(
                .damaged,
                "The state store \(path) is damaged (\(code)). Restore it from a copy; or set it aside with \(path)-wal, "
                    + "and read the carrier's records into an empty one with `profilectl refresh` before anything is "
                    + "applied.")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_IOERR:
            self = StoreFileFault.find(at: path).map { Self($0, at: path) } ?? Self(unexplained: error, code, path)
        default:
            self.init(
                .other,
                "The state store \(path) cannot be used (\(code)). If it is a store of profilectl, restore it from a "
                    + "copy, and report this.")
        }
    }

    /// The file system shows nothing that is wrong.
    private init(unexplained error: DatabaseError, _ code: String, _ path: String) {
        switch error.resultCode {
        case .SQLITE_CANTOPEN:
            self.init(
                .cannotOpen,
                "The state store \(path) cannot be opened (\(code)). Check that it is a file, and that this user may use "
                    + "it and write to its folder.")
        case .SQLITE_IOERR:
            self.init(
                .other,
                "Reading or writing the state store \(path) failed (\(code)): the disk may be failing, or a quota be used "
                    + "up. Check the disk, and run the same command again: it goes on from what is kept.")
        default:
            self.init(
                .readOnly,
                "The state store \(path) cannot be written (\(code)). Check its owner and mode, and those of its folder."
            )
        }
    }

    /// Runs a piece of work and makes SQLite's errors a `StateStoreError`.
    static func translating<Result>(at path: String, _ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let error as DatabaseError {
            throw StateStoreError(error, at: path)
        }
    }
}

extension DatabaseError {
    /// Whether another process was in the way, so that it may go well later.
    var isOfOtherProcess: Bool {
        [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL].contains(resultCode)
    }
}
