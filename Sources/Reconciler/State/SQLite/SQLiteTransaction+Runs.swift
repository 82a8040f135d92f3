import GRDB

extension SQLiteTransaction {
    private static let runColumns = """
        SELECT id, command, person, process, startedAt, endedAt, ending, plan, fleet, revision, detail FROM run
        """

    private func run(_ row: SQLiteRow) -> RunRecord {
        RunRecord(
            number: RunNumber(row.integer(0)),
            cause: RunCause(
                command: row.text(1), person: row.text(2), process: Int(row.integer(3)),
                plan: row.optionalText(7).flatMap { ContentDigest($0) },
                fleet: row.optionalText(8).flatMap { ContentDigest($0) }, commit: row.optionalText(9),
                detail: row.optionalText(10)),
            startedAt: row.time(4), endedAt: row.isNull(5) ? nil : row.time(5), ending: row.optionalText(6))
    }

    func runs(_ numbers: some Sequence<RunNumber>) throws -> [RunNumber: RunRecord] {
        let byNumber = try statement(Self.runColumns + " WHERE id = ?")
        var found: [RunNumber: RunRecord] = [:]
        for number in numbers {
            try byNumber.run(.integer(number.number)) { found[number] = run($0) }
        }
        return found
    }

    func runs(of plan: ContentDigest) throws -> [RunNumber] {
        var found: [RunNumber] = []
        try statement("SELECT id FROM run WHERE plan = ? ORDER BY id").run(.text(plan.description)) {
            found.append(RunNumber($0.integer(0)))
        }
        return found
    }

    func latestRuns(limit: Int) throws -> [RunRecord] {
        var found: [RunRecord] = []
        try statement(Self.runColumns + " ORDER BY id DESC LIMIT ?").run(.number(limit)) { found.append(run($0)) }
        return found
    }

    func startRun(_ cause: RunCause, at now: Timestamp) throws -> RunNumber {
        try statement(
            """
            INSERT INTO run (command, person, process, startedAt, plan, fleet, revision, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        ).run(
            .text(cause.command), .text(cause.person), .number(cause.process), .time(now),
            .optional(cause.plan?.description), .optional(cause.fleet?.description), .optional(cause.commit),
            .optional(cause.detail))
        return RunNumber(database.lastInsertedRowID)
    }

    func endRun(_ number: RunNumber, as ending: String, at now: Timestamp) throws {
        try statement("UPDATE run SET endedAt = ?, ending = ? WHERE id = ?").run(
            .time(now), .text(ending), .integer(number.number))
    }

    func takeBackRun(_ number: RunNumber, begunAt mark: ActivityMark) throws -> Bool {
        try statement(
            """
            DELETE FROM run WHERE id = ?
            AND NOT EXISTS (SELECT 1 FROM request WHERE id > ? AND run = ?)
            AND NOT EXISTS (SELECT 1 FROM event WHERE id > ? AND run = ?)
            """
        ).run(
            .integer(number.number), .integer(mark.request), .integer(number.number), .integer(mark.event),
            .integer(number.number))
        return database.changesCount > 0
    }
}
