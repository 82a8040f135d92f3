import GRDB

extension SQLiteTransaction {
    func openRollouts() throws -> [RolloutRecord] {
        var found: [RolloutRecord] = []
        try statement(
            """
            SELECT id, profileSet, startedAt, abortedAt, reason, waveLimit FROM rollout
            WHERE endedAt IS NULL ORDER BY id
            """
        ).run { row in
            found.append(
                RolloutRecord(
                    number: RolloutNumber(row.integer(0)), profileSet: row.text(1), startedAt: row.time(2),
                    waveLimit: Int(row.integer(5)),
                    abort: row.isNull(3) ? nil : RolloutRecord.Abort(at: row.time(3), reason: row.text(4))))
        }
        return found
    }

    func startRollout(of profileSet: String, at now: Timestamp) throws -> RolloutRecord {
        try statement("INSERT INTO rollout (profileSet, startedAt) VALUES (?, ?)").run(.text(profileSet), .time(now))
        return RolloutRecord(
            number: RolloutNumber(database.lastInsertedRowID), profileSet: profileSet, startedAt: now)
    }

    func update(_ rollout: RolloutRecord) throws {
        try statement("UPDATE rollout SET waveLimit = ?, abortedAt = ?, reason = ? WHERE id = ?").run(
            .number(rollout.waveLimit), .time(rollout.abort?.at), .optional(rollout.abort?.reason),
            .integer(rollout.number.number))
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
