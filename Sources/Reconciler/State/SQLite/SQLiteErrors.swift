import Foundation
import GRDB

extension StateStoreError {
    /// Says what SQLite's error means for the person in front of it. SQL and arguments are left out.
    init(_ error: DatabaseError, at path: String) {
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .full,
                "The disk that holds the state store \(path) is full. Nothing was changed; make room and run again.")
        case .SQLITE_READONLY, .SQLITE_PERM:
            self.init(
                .readOnly,
                "The state store \(path) cannot be written. Nothing was changed; check its owner and mode, and "
                    + "those of its folder.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .locked,
                "The state store \(path) is held by another process for too long. Nothing was changed; see who "
                    + "uses it, and run again.")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .damaged,
                "\(path) is not a state store, or it is damaged. Restore it from a copy, or set it aside and "
                    + "start with an empty one.")
        case .SQLITE_CANTOPEN:
            self.init(
                .cannotOpen,
                "The state store \(path) cannot be opened. Check that its folder exists and may be written.")
        case .SQLITE_IOERR:
            self.init(
                .other,
                "Reading or writing the state store \(path) failed (\(error.extendedResultCode)). Check the disk.")
        default:
            self.init(.other, "The state store \(path) failed: \(error.message ?? "\(error.resultCode)").")
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
