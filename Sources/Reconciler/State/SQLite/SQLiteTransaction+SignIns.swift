import GRDB

extension SQLiteTransaction {
    func signIn(of credential: String) throws -> SignInRecord? {
        try signIns().first { $0.credential == credential }
    }

    func signIns() throws -> [SignInRecord] {
        var found: [SignInRecord] = []
        try statement(
            "SELECT credential, contact, refusals, since, at, acceptedAt FROM signIn ORDER BY credential"
        ).run { row in
            found.append(
                SignInRecord(
                    credential: row.text(0), contact: row.text(1), refusals: Int(row.integer(2)),
                    since: row.optionalTime(3), at: row.time(4), acceptedAt: row.optionalTime(5)))
        }
        return found
    }

    func save(_ signIn: SignInRecord) throws {
        try statement(
            """
            INSERT INTO signIn (credential, contact, refusals, since, at, acceptedAt) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET contact = excluded.contact, refusals = excluded.refusals,
                since = excluded.since, at = excluded.at, acceptedAt = excluded.acceptedAt
            """
        ).run(
            .text(signIn.credential), .text(signIn.contact), .number(signIn.refusals), .time(signIn.since),
            .time(signIn.at), .time(signIn.acceptedAt))
    }

    func signInContact(_ contact: String) throws -> SignInContact? {
        try signInContacts().first { $0.contact == contact }
    }

    func signInContacts() throws -> [SignInContact] {
        var found: [SignInContact] = []
        try statement(
            """
            SELECT contact, refusals, unanswered, since, attemptBy, attemptUntil FROM signInContact ORDER BY contact
            """
        ).run { row in
            let until = row.optionalTime(5)
            found.append(
                SignInContact(
                    contact: row.text(0), refusals: Int(row.integer(1)), unanswered: Int(row.integer(2)),
                    since: row.optionalTime(3),
                    attempt: until.map { SignInContact.Attempt(by: row.text(4), until: $0) }))
        }
        return found
    }

    func save(_ contact: SignInContact) throws {
        try statement(
            """
            INSERT INTO signInContact (contact, refusals, unanswered, since, attemptBy, attemptUntil)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET refusals = excluded.refusals, unanswered = excluded.unanswered,
                since = excluded.since, attemptBy = excluded.attemptBy, attemptUntil = excluded.attemptUntil
            """
        ).run(
            .text(contact.contact), .number(contact.refusals), .number(contact.unanswered), .time(contact.since),
            .optional(contact.attempt?.by), .time(contact.attempt?.until))
    }
}
