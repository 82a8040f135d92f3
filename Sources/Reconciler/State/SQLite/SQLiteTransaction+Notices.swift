import Foundation

extension SQLiteTransaction {
    func toldNotices() throws -> [ToldNotice] {
        var found: [ToldNotice] = []
        try statement("SELECT kind, subject, condition, devices, at, origin FROM notice ORDER BY kind, subject").run {
            row in
            found.append(
                ToldNotice(
                    kind: row.text(0), subject: row.text(1), condition: row.text(2), devices: Int(row.integer(3)),
                    at: row.time(4), origin: row.optionalText(5)))
        }
        return found
    }

    func save(_ notice: ToldNotice) throws {
        try statement(
            """
            INSERT INTO notice (kind, subject, condition, devices, at, origin) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET condition = excluded.condition, devices = excluded.devices, at = excluded.at,
                origin = excluded.origin
            """
        ).run(
            .text(notice.kind), .text(notice.subject), .text(notice.condition), .number(notice.devices),
            .time(notice.at), .optional(notice.origin))
    }

    func forget(_ notice: ToldNotice) throws {
        try statement("DELETE FROM notice WHERE kind = ? AND subject = ? AND at <= ?").run(
            .text(notice.kind), .text(notice.subject), .time(notice.at))
    }

    func fleetInForce(of origin: String) throws -> FleetInForce? {
        var found: (commit: String?, sets: String)?
        try statement("SELECT revision, sets FROM fleetInForce WHERE origin = ?").run(.text(origin)) { row in
            found = (row.optionalText(0), row.text(1))
        }
        // What cannot be read is as good as unknown: it only says what people are told of.
        guard let found, let sets = try? JSONDecoder().decode([String: Int].self, from: Data(found.sets.utf8)) else {
            return nil
        }
        return FleetInForce(origin: origin, commit: found.commit, sets: sets)
    }

    func save(_ fleet: FleetInForce) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let sets = String(decoding: try encoder.encode(fleet.sets), as: UTF8.self)
        try statement(
            """
            INSERT INTO fleetInForce (origin, revision, sets) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET revision = excluded.revision, sets = excluded.sets
            """
        ).run(.text(fleet.origin), .optional(fleet.commit), .text(sets))
    }

    func noteProbe(at now: Timestamp) throws {
        try statement("INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at").run(
            .time(now))
    }
}
