import GRDB

extension SQLiteTransaction {
    func keep(_ callbacks: [NewCallback]) throws {
        let keep = try statement(
            """
            INSERT INTO callback (receivedAt, digest, text) VALUES (?, ?, ?)
            ON CONFLICT (digest) DO UPDATE SET deliveries = deliveries + 1
            """)
        for callback in callbacks {
            try keep.run(.time(callback.receivedAt), .blob(callback.digest), .text(callback.redactedText))
        }
    }

    func mark(_ callback: CallbackNumber, as verdict: CallbackVerdict, device: DeviceKey?) throws {
        try statement("UPDATE callback SET verdict = ?, eid = ?, iccid = ? WHERE id = ?").run(
            .number(verdict.rawValue), device.map { .eid($0.eid) } ?? .null, device.map { .iccid($0.iccid) } ?? .null,
            .integer(callback.number))
    }

    func mark(_ callback: CallbackNumber, asAnswerTo request: RequestNumber) throws {
        try statement("UPDATE callback SET verdict = ?, request = ? WHERE id = ?").run(
            .number(CallbackVerdict.deviceList.rawValue), .integer(request.number), .integer(callback.number))
    }

    func deviceListAnswers(to request: RequestNumber) throws -> [String] {
        var texts: [String] = []
        try statement("SELECT text FROM callback WHERE request = ? AND request IS NOT NULL ORDER BY id").run(
            .integer(request.number)
        ) { texts.append($0.text(0)) }
        return texts
    }

    func forgetDeviceLists(askedBefore time: Timestamp) throws {
        try statement(
            """
            UPDATE callback SET text = '' WHERE request IS NOT NULL AND text <> ''
            AND request IN (SELECT id FROM request WHERE action IS NULL AND sentAt < ?)
            """
        ).run(.time(time))
    }

    private static let callbackColumns = "SELECT id, receivedAt, deliveries, text, verdict, eid, iccid FROM callback"

    private func callback(_ row: SQLiteRow) throws -> CallbackRecord {
        CallbackRecord(
            number: CallbackNumber(row.integer(0)), receivedAt: row.time(1), deliveries: Int(row.integer(2)),
            redactedText: row.text(3),
            verdict: CallbackVerdict(rawValue: UInt8(truncatingIfNeeded: row.integer(4))) ?? .unreadable,
            device: row.isNull(5) ? nil : try row.key(5))
    }

    func unreadCallbacks(after last: CallbackNumber?, limit: Int) throws -> [CallbackRecord] {
        var found: [CallbackRecord] = []
        try statement(Self.callbackColumns + " WHERE verdict = 0 AND id > ? ORDER BY id LIMIT ?").run(
            .integer(last?.number ?? 0), .number(limit)
        ) { row in
            found.append(try callback(row))
        }
        return found
    }

    func unreadCallbacks(upTo last: CallbackNumber) throws -> Set<CallbackNumber> {
        var found: Set<CallbackNumber> = []
        try statement("SELECT id FROM callback WHERE verdict = 0 AND id <= ?").run(.integer(last.number)) {
            found.insert(CallbackNumber($0.integer(0)))
        }
        return found
    }

    func callbacks(of eid: EID) throws -> [CallbackRecord] {
        var found: [CallbackRecord] = []
        try statement(Self.callbackColumns + " WHERE eid = ? ORDER BY id").run(.eid(eid)) {
            found.append(try callback($0))
        }
        return found
    }

    func callbackCounts() throws -> [CallbackVerdict: Int] {
        var counts: [CallbackVerdict: Int] = [:]
        try statement("SELECT verdict, count(*) FROM callback GROUP BY verdict").run { row in
            if let verdict = CallbackVerdict(rawValue: UInt8(truncatingIfNeeded: row.integer(0))) {
                counts[verdict] = Int(row.integer(1))
            }
        }
        return counts
    }
}
