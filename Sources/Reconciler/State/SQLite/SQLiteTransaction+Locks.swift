import GRDB

extension SQLiteTransaction {
    func leases() throws -> [Lease] {
        var found: [Lease] = []
        try statement("SELECT name, owner, holder, expiresAt, listensAt FROM lease ORDER BY name").run { row in
            guard let name = LeaseName(stored: row.text(0)) else { return }
            found.append(
                Lease(
                    name: name, owner: row.text(1), holder: row.text(2), expiresAt: row.time(3),
                    listensAt: row.optionalText(4)))
        }
        return found
    }

    func save(_ lease: Lease) throws {
        try statement(
            """
            INSERT INTO lease (name, owner, holder, expiresAt, listensAt) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET owner = excluded.owner, holder = excluded.holder,
                expiresAt = excluded.expiresAt, listensAt = excluded.listensAt
            """
        ).run(
            .text(lease.name.stored), .text(lease.owner), .text(lease.holder), .time(lease.expiresAt),
            .optional(lease.listensAt))
    }

    func removeLease(_ name: LeaseName) throws {
        try statement("DELETE FROM lease WHERE name = ?").run(.text(name.stored))
    }

    func pace(of account: AccountName) throws -> AccountPace {
        var pace = AccountPace(account: account)
        try statement("SELECT takenAt, nextAt, busyUntil, refusals FROM pace WHERE account = ?").run(
            .integer(try number(naming: account.description))
        ) { row in
            pace = AccountPace(
                account: account, takenAt: row.time(0), nextAt: row.integer(1), busyUntil: row.time(2),
                refusals: Int(row.integer(3)))
        }
        return pace
    }

    func save(_ pace: AccountPace) throws {
        try statement(
            """
            INSERT INTO pace (account, takenAt, nextAt, busyUntil, refusals) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET takenAt = excluded.takenAt, nextAt = excluded.nextAt,
                busyUntil = excluded.busyUntil, refusals = excluded.refusals
            """
        ).run(
            .integer(try number(naming: pace.account.description)), .time(pace.takenAt), .integer(pace.nextAt),
            .time(pace.busyUntil), .number(pace.refusals))
    }
}

extension LeaseName {
    /// The text in the table.
    fileprivate var stored: String {
        switch self {
        case .wholeStore: "run"
        case .profileSet(let name): "set \(name)"
        case .reading(let holder): "reading \(holder)"
        case .recording(let holder): "recording \(holder)"
        }
    }

    fileprivate init?(stored: String) {
        if stored == "run" {
            self = .wholeStore
        } else if stored.hasPrefix("set ") {
            self = .profileSet(String(stored.dropFirst("set ".count)))
        } else if stored.hasPrefix("reading ") {
            self = .reading(String(stored.dropFirst("reading ".count)))
        } else if stored.hasPrefix("recording ") {
            self = .recording(String(stored.dropFirst("recording ".count)))
        } else {
            return nil
        }
    }
}
