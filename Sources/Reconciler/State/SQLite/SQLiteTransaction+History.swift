import GRDB

/// Forgetting what is over. Rows are found first, without holding up who writes, and then deleted by their numbers: what
/// was over once can never become part of what is open again.
extension SQLiteTransaction {
    func forgettable(
        _ part: HistoryPart, before time: Timestamp, after last: Int64, limit: Int
    ) throws -> [Int64] {
        var found: [Int64] = []
        try statement(
            """
            SELECT h.id FROM \(part.table) h
            WHERE h.id > ?1 AND h.id < ?2 AND h.\(part.time) < ?3 AND \(part.condition) ORDER BY h.id LIMIT ?4
            """
        ).run(.integer(last), .integer(try end(of: part, before: time)), .time(time), .number(limit)) {
            found.append($0.integer(0))
        }
        return found
    }

    /// The first row that is no older, or the last one of all: that stays, since the number of a last row that is deleted
    /// is given to the next one, and numbers must not come to mean something else.
    ///
    /// Found by halving, as rows come in the order of time: without an index on it, and without a look at all of them.
    private func end(of part: HistoryPart, before time: Timestamp) throws -> Int64 {
        var (low, last): (Int64, Int64) = (0, 0)
        try statement("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM \(part.table)").run {
            (low, last) = ($0.integer(0), $0.integer(1))
        }
        let next = try statement("SELECT id, \(part.time) FROM \(part.table) WHERE id >= ? ORDER BY id LIMIT 1")
        var high = last
        while low < high {
            let middle = low + (high - low) / 2
            var row = (id: last, isBefore: false)
            try next.run(.integer(middle)) { row = ($0.integer(0), $0.time(1) < time) }
            if row.isBefore { low = row.id + 1 } else { high = middle }
        }
        return min(low, last)
    }

    func forget(_ rows: [Int64], of part: HistoryPart) throws {
        if part == .requests {
            let carried = try statement("DELETE FROM operation WHERE request = ?")
            for row in rows { try carried.run(.integer(row)) }
        }
        let delete = try statement("DELETE FROM \(part.table) WHERE id = ?")
        for row in rows { try delete.run(.integer(row)) }
    }
}

extension HistoryPart {
    fileprivate var table: String {
        switch self {
        case .events: "event"
        case .callbacks: "callback"
        case .requests: "request"
        case .rollouts: "rollout"
        case .runs: "run"
        }
    }

    /// The column by whose order the rows come.
    fileprivate var time: String {
        switch self {
        case .events: "at"
        case .callbacks: "receivedAt"
        case .requests: "sentAt"
        case .rollouts, .runs: "startedAt"
        }
    }

    /// Whether nothing needs the row `h`; `?3` is the time before which it must be over.
    fileprivate var condition: String {
        switch self {
        case .events:
            // What was seen of a device is told again and again, and belongs to no operation.
            """
            (h.kind IN (\(StateEvent.Kind.lookedUp.rawValue), \(StateEvent.Kind.observed.rawValue)) OR NOT EXISTS (
                SELECT 1 FROM device d WHERE d.eid = h.eid AND d.iccid = h.iccid AND d.operation = h.operation))
            """
        case .callbacks: "h.verdict <> \(CallbackVerdict.unread.rawValue)"
        case .requests:
            """
            NOT EXISTS (
                SELECT 1 FROM operation o LEFT JOIN device d ON d.eid = o.eid AND d.iccid = o.iccid
                WHERE o.request = h.id AND (o.phase <= \(OperationPhaseCode.lastOpen) OR d.operation = o.id))
            """
        case .rollouts: "h.endedAt < ?3"
        case .runs:
            """
            coalesce(h.endedAt, h.startedAt) < ?3 AND h.id NOT IN (SELECT run FROM request WHERE run IS NOT NULL)
            """
        }
    }
}
