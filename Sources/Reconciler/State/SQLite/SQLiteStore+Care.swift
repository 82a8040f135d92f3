import Foundation
import GRDB

/// The care of a store: copies, and a search for damage.
extension SQLiteStore {
    /// Copies the store as it is, log included, into a new file that only its owner can read.
    ///
    /// - Throws: `StateStoreError`; no file is left then.
    func backUp(to copy: String) throws {
        guard !FileManager.default.fileExists(atPath: copy) else {
            throw StateStoreError(.cannotOpen, "\(copy) is there already. Name a file that is not there yet.")
        }
        do {
            try PrivateFile.create(at: copy)
            let target = try DatabaseQueue(path: copy)
            try source.backup(to: target)
            // One file, whatever way the store itself keeps its log.
            try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            let findings = try target.read { try StoreDamage.pages($0) }
            try target.close()
            guard findings.isEmpty else {
                throw StateStoreError(
                    .damaged,
                    "The copy \(copy) is damaged, as the store is: \(findings[0]) Run `profilectl state check`.")
            }
        } catch {
            for end in ["", "-journal", "-wal", "-shm"] { unlink(copy + end) }
            if let error = error as? DatabaseError { throw StateStoreError(error, at: copy) }
            throw error
        }
    }

    /// What is damaged in the store, a sentence for each finding, and none if all is well.
    /// - Throws: `StateStoreError`
    func damage() async throws -> [String] {
        try await StateStoreError.translating(at: path) {
            try await source.read { try StoreDamage.pages($0) + StoreDamage.rows($0) }
        }
    }
}

/// A search for damage in a store.
enum StoreDamage {
    /// At most so many findings of a kind are named.
    private static let most = 20

    /// Pages and indexes.
    static func pages(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check(\(most))").filter { $0 != "ok" }.map {
            "The file is damaged: \($0.excerpt(limit: 200)). Restore the store from a copy."
        }
    }

    /// Rows that cannot be read as what they are.
    static func rows(_ db: Database) throws -> [String] {
        let transaction = SQLiteTransaction(database: db)
        var findings = Findings()
        for table in ["device", "operation"] {
            try transaction.statement(
                "SELECT substr(hex(eid), 1, 64), substr(hex(iccid), 1, 64) FROM \(table) WHERE length(eid) IS NOT 16 OR length(iccid) IS NOT 10"
            ).run { row in
                findings.add(
                    table,
                    "A row of the table `\(table)` has an EID or ICCID of a wrong length (\(row.text(0)), \(row.text(1))). It is left "
                        + "out; `profilectl refresh` reads the device anew.")
            }
        }
        let operations =
            "SELECT \(SQLiteTransaction.operationColumns) FROM operation o WHERE length(o.eid) = 16 "
            + "AND length(o.iccid) = 10"
        try transaction.statement(operations).run { row in
            let number = row.integer(0)
            let operation = try transaction.operation(row, from: 0)
            let isUnreadable =
                operation.phase
                == .unresolved(
                    reason: SQLiteTransaction.unreadable(number), lookedUpAt: nil)
            guard isUnreadable || ProfileAction(rawValue: row.text(3)) == nil else { return }
            findings.add(
                "operations",
                "Operation \(number) on device \(operation.key) cannot be read. The device is looked up before "
                    + "anything is sent to it.")
        }
        try transaction.statement("SELECT id, profileSet, waveLabels FROM rollout WHERE endedAt IS NULL").run { row in
            guard case .unreadable = SQLiteTransaction.wave(row, 2) else { return }
            findings.add(
                "rollouts",
                "The wave of rollout \(row.integer(0)) of profile set \(row.text(1).excerpt(limit: 100)) cannot be "
                    + "read. Nothing is sent to the set; `profilectl resume` begins the rollout anew.")
        }
        return findings.sentences
    }

    private struct Findings {
        private var counts: [String: Int] = [:]
        private(set) var sentences: [String] = []

        mutating func add(_ kind: String, _ sentence: String) {
            counts[kind, default: 0] += 1
            if counts[kind, default: 0] <= most { sentences.append(sentence) }
            if counts[kind, default: 0] == most + 1 { sentences.append("There are more of the last kind.") }
        }
    }
}
