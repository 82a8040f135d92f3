import GRDB

extension SQLiteTransaction {
    func append(_ events: [StateEvent]) throws {
        let append = try statement(
            """
            INSERT INTO event (at, eid, iccid, kind, operation, request, callback, run, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        for event in events {
            try append.run(
                .time(event.at), .eid(event.device.eid), .iccid(event.device.iccid), .number(event.kind.rawValue),
                .optional(event.operation?.number), .optional(event.request?.number),
                .optional(event.callback?.number), .optional(event.run?.number), .text(event.detail))
        }
    }

    private static let eventColumns =
        "SELECT at, eid, iccid, kind, operation, request, callback, detail, run, id FROM event"

    private func event(_ row: SQLiteRow) throws -> StateEvent? {
        guard let kind = StateEvent.Kind(rawValue: UInt8(truncatingIfNeeded: row.integer(3))) else { return nil }
        return StateEvent(
            at: row.time(0), device: try row.key(1), kind: kind,
            operation: row.optionalInteger(4).map { OperationID($0) },
            request: row.optionalInteger(5).map { RequestNumber($0) },
            callback: row.optionalInteger(6).map { CallbackNumber($0) },
            run: row.optionalInteger(8).map { RunNumber($0) }, detail: row.text(7))
    }

    func timeline(of eid: EID) throws -> [StateEvent] {
        var events: [StateEvent] = []
        try statement(Self.eventColumns + " WHERE eid = ? ORDER BY id").run(.eid(eid)) { row in
            if let event = try event(row) { events.append(event) }
        }
        return events
    }

    func events(after mark: Int64, limit: Int) throws -> (events: [StateEvent], mark: Int64) {
        var events: [StateEvent] = []
        var last = mark
        try statement(Self.eventColumns + " WHERE id > ? ORDER BY id LIMIT ?").run(.integer(mark), .number(limit)) {
            row in
            last = row.integer(9)
            if let event = try event(row) { events.append(event) }
        }
        return (events, last)
    }

    func eventMark() throws -> Int64 {
        var mark: Int64 = 0
        try statement("SELECT coalesce(max(id), 0) FROM event").run { mark = $0.integer(0) }
        return mark
    }

    func eventCounts(after mark: Int64) throws -> [StateEvent.Kind: Int] {
        var counts: [StateEvent.Kind: Int] = [:]
        try statement("SELECT kind, count(*) FROM event WHERE id > ? GROUP BY kind").run(.integer(mark)) { row in
            if let kind = StateEvent.Kind(rawValue: UInt8(truncatingIfNeeded: row.integer(0))) {
                counts[kind] = Int(row.integer(1))
            }
        }
        return counts
    }

    func raiseCounter(_ name: String, by amount: Int64) throws {
        try statement(
            """
            INSERT INTO counter (name, value) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET value = value + excluded.value
            """
        ).run(.text(name), .integer(amount))
    }

    func counters() throws -> [String: Int64] {
        var counters: [String: Int64] = [:]
        try statement("SELECT name, value FROM counter").run { counters[$0.text(0)] = $0.integer(1) }
        return counters
    }
}
