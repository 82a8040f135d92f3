import Foundation
import GRDB

/// The state in one SQLite file, for one machine: several processes on it may share the file.
///
/// Write-ahead log, synced to disk at each commit: what a transaction wrote is there after a power cut.
/// The file is readable by its owner only.
public final class SQLiteStore: StateStore {
    public let location: String
    private let path: String
    private let pool: DatabasePool
    private let writer: SQLiteWriter

    /// Opens the store, creates it where there is none, and brings its tables up to date.
    ///
    /// - Parameter busyTimeout: how long to wait for another process's transaction, in seconds.
    /// - Throws: `StateStoreError`
    public init(path: String, busyTimeout: Double = 10) throws {
        self.path = path
        location = "sqlite:\(path)"
        do {
            try Self.createPrivateFile(at: path)
            var configuration = Configuration()
            configuration.label = "state"
            configuration.busyMode = .timeout(busyTimeout)
            pool = try DatabasePool(path: path, configuration: configuration)
            writer = try SQLiteWriter(pool)
            try Self.migrate(pool, at: path)
        } catch let error as DatabaseError {
            throw StateStoreError(error, at: path)
        }
    }

    /// Looking at a store whose tables are up to date writes nothing to it.
    private static func migrate(_ pool: DatabasePool, at path: String) throws {
        let migrator = SQLiteMigrations.migrator
        var stepsLeft = try pool.read { db in
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

    private static func createPrivateFile(at path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let files = FileManager.default
        do {
            if !files.fileExists(atPath: folder) {
                try files.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw StateStoreError(
                .cannotOpen, "The folder \(folder) for the state store cannot be made: \(error.localizedDescription)")
        }
        // A file that is there is not opened: closing it again would drop the locks that this process has on it.
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw StateStoreError(
                .cannotOpen, "The state store \(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        close(descriptor)
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StateReader) throws -> Result
    ) async throws -> Result {
        try await StateStoreError.translating(at: path) {
            try await pool.read { db in try body(SQLiteTransaction(database: db)) }
        }
    }

    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result {
        try await StateStoreError.translating(at: path) {
            try await writer.write(body)
        }
    }
}
