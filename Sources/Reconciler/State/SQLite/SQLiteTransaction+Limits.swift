import GRDB

extension SQLiteTransaction {
    func limits(of account: AccountName) throws -> AccountLimits {
        var limits = AccountLimits(account: account)
        try statement(
            "SELECT actionBatch, listBatch, pageSize, learnedAt, noRequestStatusAt FROM accountLimit WHERE account = ?"
        ).run(.integer(try number(known: account.description))) { row in
            func size(_ column: CInt) -> Int? { row.optionalInteger(column).flatMap { Int(exactly: $0) } }
            limits = AccountLimits(
                account: account, actionBatch: size(0), listBatch: size(1), pageSize: size(2), learnedAt: row.time(3),
                noRequestStatusAt: row.optionalTime(4))
        }
        return limits
    }

    func save(_ limits: AccountLimits) throws {
        func size(_ value: Int?) -> SQLiteValue { .optional(value.map { Int64($0) }) }
        try statement(
            """
            INSERT INTO accountLimit (account, actionBatch, listBatch, pageSize, learnedAt, noRequestStatusAt)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET actionBatch = excluded.actionBatch, listBatch = excluded.listBatch,
                pageSize = excluded.pageSize, learnedAt = excluded.learnedAt,
                noRequestStatusAt = excluded.noRequestStatusAt
            """
        ).run(
            .integer(try number(naming: limits.account.description)), size(limits.actionBatch),
            size(limits.listBatch), size(limits.pageSize), .time(limits.learnedAt), .time(limits.noRequestStatusAt))
    }
}
