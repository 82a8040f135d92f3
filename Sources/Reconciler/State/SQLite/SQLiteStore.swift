import Foundation
import GRDB

/// The state in one SQLite file, for one machine: several processes on it may share the file.
///
/// Write-ahead log, synced to disk at each commit: what a transaction wrote is there after a power cut.
/// The file is readable by its owner only.
public final class SQLiteStore: StateStore {
    public let location: String
    let path: String
    private let pool: DatabasePool
    private let writer: SQLiteWriter

    /// How long another process is waited for.
    public static let usualBusyTimeout = Duration.seconds(10)

    /// SQLite counts the milliseconds in 32 bits.
    private static let longestBusyTimeout = Duration.seconds(86_400)

    /// Opens the store, creates it where there is none, and brings its tables up to date.
    ///
    /// The calling thread is blocked while another process is in the way.
    ///
    /// - Parameter busyTimeout: how long another process is waited for, here and before each reading and writing.
    /// - Throws: `StateStoreError`
    public convenience init(path: String, busyTimeout: Duration = usualBusyTimeout) throws {
        try self.init(path: path, busyTimeout: busyTimeout, upTo: nil)
    }

    /// - Parameter lastStep: the last step that the tables take; `nil` for all. A test makes the store of an earlier
    ///   version with it.
    init(path: String, busyTimeout: Duration = usualBusyTimeout, upTo lastStep: String?) throws {
        self.path = path
        location = "sqlite:\(path)"
        do {
            if let fault = StoreFileFault.mount(at: path) { throw StateStoreError(fault, at: path) }
            try PrivateFile.create(at: path)
            (pool, writer) = try Self.whileBusy(for: busyTimeout) {
                let pool = try Self.open(path, busyTimeout: busyTimeout)
                let writer = try SQLiteWriter(pool)
                try Self.migrate(pool, at: path, upTo: lastStep)
                return (pool, writer)
            }
        } catch let error as DatabaseError {
            throw StateStoreError(error, at: path)
        }
        OpenStores.add(self)
    }

    /// What a copy is made from.
    var source: DatabasePool { pool }

    /// Copies what this process has written from the log into the database.
    /// - Throws: `StateStoreError`
    func copyLog() throws {
        do {
            try writer.copyLog()
        } catch let error as DatabaseError {
            throw StateStoreError(error, at: path)
        }
    }

    private static func open(_ path: String, busyTimeout: Duration) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "state"
        configuration.busyMode = .timeout(min(busyTimeout, longestBusyTimeout) / .seconds(1))
        return try DatabasePool(path: path, configuration: configuration)
    }

    /// Does `work` again as long as another process is in its way.
    ///
    /// Two processes that make a store at the same moment both read it and then want to write to it. SQLite lets one of
    /// them wait and refuses the other at once, whatever its time-out, since each would wait for the other. The one that
    /// was refused begins anew.
    private static func whileBusy<Result>(for time: Duration, _ work: () throws -> Result) throws -> Result {
        let deadline = ContinuousClock.now + time
        while true {
            do {
                return try work()
            } catch let error as DatabaseError where error.isOfOtherProcess && ContinuousClock.now < deadline {
                Thread.sleep(forTimeInterval: .random(in: 0.001...0.02))
            }
        }
    }

    /// Looking at a store whose tables are up to date writes nothing to it.
    private static func migrate(_ pool: DatabasePool, at path: String, upTo lastStep: String?) throws {
        let migrator = SQLiteMigrations.migrator
        if let lastStep { return try migrator.migrate(pool, upTo: lastStep) }
        var stepsLeft = try pool.read { db in
            if try isOfAnotherProgram(db, migrator) {
                throw StateStoreError(
                    .cannotOpen,
                    "\(path) is a database of another program, not a state store. Name another place with `state` or "
                        + "--state.")
            }
            if try migrator.hasBeenSuperseded(db) {
                throw StateStoreError(
                    .newerFormat,
                    "The state store \(path) was written by a newer profilectl. Use that one, or another store.")
            }
            return try migrator.migrations.count - migrator.completedMigrations(db).count
        }
        while stepsLeft > 0 {
            do {
                return try migrator.migrate(pool)
            } catch {
                // Another process that has just opened the store may have taken a step before this one did.
                let left = try pool.read { db in
                    try migrator.migrations.count - migrator.completedMigrations(db).count
                }
                guard left < stepsLeft else { throw error }
                stepsLeft = left
            }
        }
    }

    /// It has tables, and none of the steps that made them is ours.
    private static func isOfAnotherProgram(_ db: Database, _ migrator: DatabaseMigrator) throws -> Bool {
        guard try migrator.appliedIdentifiers(db).isEmpty else { return false }
        return try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM sqlite_master
                    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'grdb_migrations')
                """) ?? false
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StateReader) throws -> Result
    ) async throws -> Result {
        try await StateStoreError.translating(at: path) {
            let result = try await pool.read { db in try body(SQLiteTransaction(database: db)) }
            try writer.file.check()
            return result
        }
    }

    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result {
        try await StateStoreError.translating(at: path) {
            try await writer.write(body)
        }
    }

    /// A full disk is looked for as well: what little is written may find room in the log that is there already.
    public func probe(at now: Timestamp) async throws {
        try await write { try $0.noteProbe(at: now) }
        if let fault = StoreFileFault.find(at: path) { throw StateStoreError(fault, at: path) }
    }
}
