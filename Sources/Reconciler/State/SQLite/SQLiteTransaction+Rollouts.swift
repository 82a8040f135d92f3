import Foundation
import GRDB

extension SQLiteTransaction {
    func openRollouts() throws -> [RolloutRecord] {
        var found: [RolloutRecord] = []
        try statement(
            """
            SELECT id, profileSet, startedAt, abortedAt, reason, waveLimit, waveLabels FROM rollout
            WHERE endedAt IS NULL ORDER BY id
            """
        ).run { row in
            let wave = Self.wave(row, 6)
            var abort = row.isNull(3) ? nil : RolloutRecord.Abort(at: row.time(3), reason: row.text(4))
            // Which devices the wave may change is not known: nothing more is sent to the set before a person acts.
            if case .unreadable = wave, abort == nil {
                abort = RolloutRecord.Abort(
                    at: row.time(2),
                    reason: "its record in the state store (rollout \(row.integer(0))) is damaged; "
                        + "`profilectl resume` begins it anew")
            }
            found.append(
                RolloutRecord(
                    number: RolloutNumber(row.integer(0)), profileSet: row.text(1), startedAt: row.time(2),
                    waveLimit: Int(row.integer(5)), waveLabels: wave.labels, abort: abort))
        }
        return found
    }

    func startRollout(of profileSet: String, at now: Timestamp) throws -> RolloutRecord {
        try statement("INSERT INTO rollout (profileSet, startedAt) VALUES (?, ?)").run(.text(profileSet), .time(now))
        return RolloutRecord(
            number: RolloutNumber(database.lastInsertedRowID), profileSet: profileSet, startedAt: now)
    }

    func update(_ rollout: RolloutRecord) throws {
        try statement(
            "UPDATE rollout SET waveLimit = ?, waveLabels = ?, abortedAt = ?, reason = ? WHERE id = ?"
        ).run(
            .number(rollout.waveLimit), .optional(try Self.text(of: rollout.waveLabels)), .time(rollout.abort?.at),
            .optional(rollout.abort?.reason), .integer(rollout.number.number))
    }

    /// The labels that a wave is chosen by, as they are stored.
    enum StoredWave {
        case none
        case labels([String: String])
        case unreadable

        var labels: [String: String]? {
            if case .labels(let labels) = self { return labels }
            return nil
        }
    }

    static func wave(_ row: SQLiteRow, _ column: CInt) -> StoredWave {
        guard let text = row.optionalText(column) else { return .none }
        do {
            return .labels(try JSONDecoder().decode([String: String].self, from: Data(text.utf8)))
        } catch {
            return .unreadable
        }
    }

    private static func text(of labels: [String: String]?) throws -> String? {
        guard let labels else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(labels), as: UTF8.self)
    }

    func endRollout(_ number: RolloutNumber, at now: Timestamp) throws {
        try statement("UPDATE rollout SET endedAt = ? WHERE id = ?").run(.time(now), .integer(number.number))
    }

    /// The empty text stands for everything: no profile set has it for a name.
    private static let everything = ""

    func pauses() throws -> [Pause] {
        var found: [Pause] = []
        try statement("SELECT profileSet, owner, reason, at FROM pause ORDER BY profileSet").run { row in
            let name = row.text(0)
            found.append(
                Pause(
                    scope: name == Self.everything ? .everything : .profileSet(name), by: row.text(1),
                    reason: row.text(2), at: row.time(3)))
        }
        return found
    }

    func save(_ pause: Pause) throws {
        try statement(
            """
            INSERT INTO pause (profileSet, owner, reason, at) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET owner = excluded.owner, reason = excluded.reason, at = excluded.at
            """
        ).run(.text(Self.name(of: pause.scope)), .text(pause.by), .text(pause.reason), .time(pause.at))
    }

    func removePause(of scope: Pause.Scope) throws {
        try statement("DELETE FROM pause WHERE profileSet = ?").run(.text(Self.name(of: scope)))
    }

    private static func name(of scope: Pause.Scope) -> String {
        switch scope {
        case .everything: everything
        case .profileSet(let name): name
        }
    }
}
