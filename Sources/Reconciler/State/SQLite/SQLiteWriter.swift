import GRDB
import Synchronization

/// Writes to the file: pieces of work that come at the same time share one transaction, and with it one sync of the
/// disk.
///
/// What comes while a transaction is being written goes into the next one. Each piece returns only after the commit, and
/// one whose task is cancelled is done all the same.
final class SQLiteWriter: Sendable {
    private struct Work: Sendable {
        /// Returns what tells the result to who waits for it, once it is committed.
        let body: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (any Error) -> Void
    }

    private let pool: DatabasePool
    let file: StoreFileIdentity
    /// Whether this process has written something that may still be in the log alone.
    private let hasWritten = Atomic(false)
    private let waiting = Mutex<[Work]>([])

    /// - Throws: `DatabaseError`
    init(_ pool: DatabasePool) throws {
        self.pool = pool
        file = StoreFileIdentity(path: pool.path)
        try pool.writeWithoutTransaction { try Self.prepare($0) }
    }

    /// Only now, since a pool that is opened sets other values itself.
    private static func prepare(_ db: Database) throws {
        // The pool's own (NORMAL) loses the latest commits in a power cut.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        // In KiB. A fleet's indexes are written to all over: with less, their pages are read again and again.
        try db.execute(sql: "PRAGMA cache_size = -32768")
        // In pages. A page that is changed in many transactions is copied into the file once.
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        // In bytes. The log grows as long as somebody reads, and is cut to this when it is begun anew.
        try db.execute(sql: "PRAGMA journal_size_limit = 16777216")
    }

    /// - Throws: `DatabaseError`, `StateStoreError` if the file is no longer there, and what `body` throws; nothing of it
    ///   is written then.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let work = Work(
                body: { db in
                    let result = try body(SQLiteTransaction(database: db))
                    return { continuation.resume(returning: result) }
                },
                fail: { continuation.resume(throwing: $0) })
            waiting.withLock { $0.append(work) }
            pool.asyncWriteWithoutTransaction { self.doWhatWaits($0) }
        }
    }

    /// Copies what this process has written from the log into the database, as far as no reader is in the way, so that the
    /// one file is whole by itself when nothing uses it.
    ///
    /// - Throws: `DatabaseError`, `StateStoreError`
    func copyLog() throws {
        guard hasWritten.load(ordering: .relaxed) else { return }
        try file.check()
        _ = try pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
    }

    /// Does all that waits by now; it may be that an earlier call has done it.
    private func doWhatWaits(_ db: Database) {
        let works = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !works.isEmpty else { return }
        do {
            try commit(works, db)
        } catch {
            guard works.count > 1 else { return works[0].fail(error) }
            // All of it was taken back: each is done alone, so that none suffers for another one's sake.
            for work in works {
                do {
                    try commit([work], db)
                } catch {
                    work.fail(error)
                }
            }
        }
    }

    private func commit(_ works: [Work], _ db: Database) throws {
        var tellings: [@Sendable () -> Void] = []
        do {
            try db.inTransaction(.immediate) {
                for work in works { tellings.append(try work.body(db)) }
                try file.check()
                return .commit
            }
        } catch let error as DatabaseError {
            // Another file in its place confuses SQLite, which does not say so.
            try file.check()
            throw error
        }
        hasWritten.store(true, ordering: .relaxed)
        for telling in tellings { telling() }
    }
}
