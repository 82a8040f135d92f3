import GRDB

extension SQLiteTransaction {
    private static let requestColumns =
        "SELECT id, action, smsr, filter, account, deviceCount, sentAt, outcome, requestID, detail, run FROM request"

    private func request(_ row: SQLiteRow) throws -> RequestRecord {
        let kind: RequestRecord.Kind
        if let action = ProfileAction(rawValue: row.text(1)) {
            kind = .action(action, SmsrOid(try text(named: row.integer(2))))
        } else {
            kind = .deviceList(profileStatusFilter: row.optionalText(3))
        }
        let detail = row.text(9)
        let id = RequestID(row.text(8))
        let outcome: RequestRecord.Outcome =
            switch row.text(7) {
            case "accepted": .accepted(id)
            case "refused": .refused(detail)
            case "notSent": .notSent(detail)
            case "unknown": .unknown(detail)
            case "answered": .answered(id)
            default: .pending
            }
        return RequestRecord(
            number: RequestNumber(row.integer(0)), kind: kind, account: AccountName(try text(named: row.integer(4))),
            deviceCount: Int(row.integer(5)), sentAt: row.time(6),
            run: row.optionalInteger(10).map { RunNumber($0) }, outcome: outcome)
    }

    func requests(_ ids: [RequestID]) throws -> [RequestID: RequestRecord] {
        let byID = try statement(Self.requestColumns + " WHERE requestID = ?")
        var found: [RequestID: RequestRecord] = [:]
        for id in ids {
            try byID.run(.text(id.description)) { found[id] = try request($0) }
        }
        return found
    }

    func request(_ number: RequestNumber) throws -> RequestRecord? {
        var found: RequestRecord?
        try statement(Self.requestColumns + " WHERE id = ?").run(.integer(number.number)) { found = try request($0) }
        return found
    }

    func awaitsDeviceListName(since: Timestamp) throws -> Bool {
        var found = false
        try statement("SELECT 1 FROM request WHERE outcome = 'pending' AND action IS NULL AND sentAt > ? LIMIT 1").run(
            .time(since)
        ) { _ in found = true }
        return found
    }

    func unansweredDeviceLists(_ numbers: [RequestNumber]) throws -> Int {
        let find = try statement("SELECT 1 FROM request WHERE id = ? AND action IS NULL AND outcome = 'accepted'")
        var count = 0
        for number in numbers {
            try find.run(.integer(number.number)) { _ in count += 1 }
        }
        return count
    }

    func addRequest(
        _ kind: RequestRecord.Kind, account: AccountName, deviceCount: Int, at now: Timestamp, by run: RunNumber?
    ) throws -> RequestRecord {
        var action: String?
        var smsrNumber: Int64?
        var filter: String?
        switch kind {
        case .action(let profileAction, let smsr):
            action = profileAction.rawValue
            smsrNumber = try number(naming: smsr.description)
        case .deviceList(let profileStatusFilter):
            filter = profileStatusFilter
        }
        try statement(
            """
            INSERT INTO request (action, smsr, filter, account, deviceCount, sentAt, run, outcome)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'pending')
            """
        ).run(
            .optional(action), .optional(smsrNumber), .optional(filter),
            .integer(try number(naming: account.description)), .number(deviceCount), .time(now),
            .optional(run?.number))
        return RequestRecord(
            number: RequestNumber(database.lastInsertedRowID), kind: kind, account: account, deviceCount: deviceCount,
            sentAt: now, run: run, outcome: .pending)
    }

    func update(_ request: RequestRecord) throws {
        let outcome: String
        var detail: String?
        switch request.outcome {
        case .pending: outcome = "pending"
        case .accepted: outcome = "accepted"
        case .answered: outcome = "answered"
        case .refused(let reason): (outcome, detail) = ("refused", reason)
        case .notSent(let reason): (outcome, detail) = ("notSent", reason)
        case .unknown(let reason): (outcome, detail) = ("unknown", reason)
        }
        try statement("UPDATE request SET outcome = ?, requestID = ?, detail = ? WHERE id = ?").run(
            .text(outcome), .optional(request.requestID?.description), .optional(detail),
            .integer(request.number.number))
    }
}
