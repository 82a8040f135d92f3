import GRDB

extension SQLiteTransaction {
    func signIn(of credential: String) throws -> SignInRecord? {
        try signIns().first { $0.credential == credential }
    }

    func signIns() throws -> [SignInRecord] {
        var found: [SignInRecord] = []
        try statement("SELECT credential, refusals, at FROM signIn ORDER BY credential").run { row in
            found.append(SignInRecord(credential: row.text(0), refusals: Int(row.integer(1)), at: row.time(2)))
        }
        return found
    }

    func save(_ signIn: SignInRecord) throws {
        try statement(
            """
            INSERT INTO signIn (credential, refusals, at) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET refusals = excluded.refusals, at = excluded.at
            """
        ).run(.text(signIn.credential), .number(signIn.refusals), .time(signIn.at))
    }

    func lease(_ name: String) throws -> Lease? {
        var found: Lease?
        try statement("SELECT owner, expiresAt FROM lease WHERE name = ?").run(.text(name)) { row in
            found = Lease(name: name, owner: row.text(0), expiresAt: row.time(1))
        }
        return found
    }

    func save(_ lease: Lease) throws {
        try statement(
            """
            INSERT INTO lease (name, owner, expiresAt) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET owner = excluded.owner, expiresAt = excluded.expiresAt
            """
        ).run(.text(lease.name), .text(lease.owner), .time(lease.expiresAt))
    }

    func removeLease(_ name: String) throws {
        try statement("DELETE FROM lease WHERE name = ?").run(.text(name))
    }
}
