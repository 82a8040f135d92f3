import Foundation
import GRDB

/// The numbers that stand for phases in the table `operation`; open phases come first.
enum OperationPhaseCode {
    static let intended = 1
    static let submitted = 2
    static let enablePending = 3
    static let unresolved = 4
    static let succeeded = 5
    static let failed = 6
    static let withdrawn = 7
    static let lastOpen = unresolved
}

extension Operation.Phase {
    /// Whether the operation is over.
    fileprivate var isSettled: Bool {
        switch self {
        case .succeeded, .failed, .withdrawn: true
        case .intended, .submitted, .enablePending, .unresolved: false
        }
    }
}

extension SQLiteTransaction {
    static let operationColumns = """
        o.id, o.eid, o.iccid, o.action, o.account, o.smsr, o.attempt, o.request, o.intendedAt, o.phase, o.requestID,
        o.dueAt, o.detail, o.run, o.profileSet
        """

    /// Reads an operation from `operationColumns`, the first of which is at `first`.
    func operation(_ row: SQLiteRow, from first: CInt) throws -> Operation {
        let action = ProfileAction(rawValue: row.text(first + 3))
        var phase = phase(row, from: first + 9)
        if action == nil, phase?.isSettled != true { phase = nil }
        // A damaged row is that device's trouble: nobody knows what came of the operation, so that it is looked up.
        return Operation(
            id: OperationID(row.integer(first)), key: try row.key(first + 1), action: action ?? .downloadEnable,
            account: AccountName(try text(named: row.integer(first + 4))),
            smsr: SmsrOid(try text(named: row.integer(first + 5))),
            attempt: Int(outside: row.integer(first + 6), in: 0...Self.mostAttempts) ?? Self.mostAttempts,
            request: RequestNumber(row.integer(first + 7)), intendedAt: row.time(first + 8),
            run: row.optionalInteger(first + 13).map { RunNumber($0) },
            phase: phase ?? .unresolved(reason: Self.unreadable(row.integer(first)), lookedUpAt: nil),
            profileSet: try row.optionalInteger(first + 14).map { try text(named: $0) })
    }

    /// More attempts than any setting allows.
    private static let mostAttempts = 1_000_000

    /// Why the outcome of an operation is not known whose row is damaged.
    static func unreadable(_ number: Int64) -> String {
        "its record in the state store (operation \(number)) is damaged; `profilectl state check` shows what is"
    }

    /// - Returns: `nil` for what this version cannot read.
    private func phase(_ row: SQLiteRow, from first: CInt) -> Operation.Phase? {
        let dueAt = row.optionalInteger(first + 2).map { Timestamp(milliseconds: $0) }
        let detail = row.text(first + 3)
        switch Int(truncatingIfNeeded: row.integer(first)) {
        case OperationPhaseCode.intended:
            return .intended
        case OperationPhaseCode.submitted:
            guard let dueAt, let request = row.optionalText(first + 1), !request.isEmpty else { return nil }
            return .submitted(RequestID(request), deadline: dueAt)
        case OperationPhaseCode.enablePending:
            return dueAt.map { .enablePending(deadline: $0) }
        case OperationPhaseCode.unresolved:
            return .unresolved(reason: detail, lookedUpAt: dueAt)
        case OperationPhaseCode.succeeded:
            return .succeeded
        case OperationPhaseCode.failed:
            do {
                return .failed(
                    try JSONDecoder().decode(OperationFailure.self, from: Data(detail.utf8)), retryAt: dueAt)
            } catch {
                return nil
            }
        case OperationPhaseCode.withdrawn:
            return .withdrawn(reason: detail, retryAt: dueAt)
        default:
            return nil
        }
    }

    private struct PhaseColumns {
        var code: Int
        var requestID: String?
        var dueAt: Timestamp?
        var detail: String?

        init(_ phase: Operation.Phase) throws {
            switch phase {
            case .intended:
                code = OperationPhaseCode.intended
            case .submitted(let id, let deadline):
                code = OperationPhaseCode.submitted
                requestID = id.description
                dueAt = deadline
            case .enablePending(let deadline):
                code = OperationPhaseCode.enablePending
                dueAt = deadline
            case .unresolved(let reason, let lookedUpAt):
                code = OperationPhaseCode.unresolved
                dueAt = lookedUpAt
                detail = reason
            case .succeeded:
                code = OperationPhaseCode.succeeded
            case .failed(let failure, let retryAt):
                code = OperationPhaseCode.failed
                dueAt = retryAt
                let encoder = JSONEncoder()
                encoder.outputFormatting = .sortedKeys
                detail = String(decoding: try encoder.encode(failure), as: UTF8.self)
            case .withdrawn(let reason, let retryAt):
                code = OperationPhaseCode.withdrawn
                dueAt = retryAt
                detail = reason
            }
        }
    }

    func addOperations(
        _ intents: [OperationIntent], under request: RequestNumber, at now: Timestamp
    ) throws -> [Operation] {
        let insert = try statement(
            """
            INSERT INTO operation
                (eid, iccid, action, account, smsr, attempt, request, intendedAt, run, phase, profileSet)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, \(OperationPhaseCode.intended), ?)
            """)
        let makeLatest = try statement(
            """
            UPDATE device
            SET operation = ?, matters = 1, rollout = coalesce(?, rollout), run = ?, version = version + 1
            WHERE eid = ? AND iccid = ?
            """)
        return try intents.map { intent in
            let account = try number(naming: intent.account.description)
            let smsr = try number(naming: intent.smsr.description)
            try insert.run(
                .eid(intent.key.eid), .iccid(intent.key.iccid), .text(intent.action.rawValue), .integer(account),
                .integer(smsr), .number(intent.attempt), .integer(request.number), .time(now),
                .optional(intent.run?.number), .optional(try intent.profileSet.map { try number(naming: $0) }))
            let id = OperationID(database.lastInsertedRowID)
            try makeLatest.run(
                .integer(id.number), .optional(intent.rollout?.number), .integer(intent.run?.number ?? 0),
                .eid(intent.key.eid), .iccid(intent.key.iccid))
            return Operation(
                id: id, key: intent.key, action: intent.action, account: intent.account, smsr: intent.smsr,
                attempt: intent.attempt, request: request, intendedAt: now, run: intent.run,
                profileSet: intent.profileSet)
        }
    }

    func update(_ operations: [Operation]) throws {
        // The request's name stays when a later phase has none of its own.
        let update = try statement(
            """
            UPDATE operation SET phase = ?, requestID = coalesce(?, requestID), dueAt = ?, detail = ? WHERE id = ?
            """)
        let mark = try statement(
            "UPDATE device SET matters = ?, version = version + 1 WHERE eid = ? AND iccid = ? AND operation = ?")
        for operation in operations {
            let columns = try PhaseColumns(operation.phase)
            try update.run(
                .number(columns.code), .optional(columns.requestID), .time(columns.dueAt), .optional(columns.detail),
                .integer(operation.id.number))
            // One that was accepted is as open as it was intended: of the device nothing has changed.
            if columns.code == OperationPhaseCode.submitted { continue }
            try mark.run(
                .number(operation.mattersForPlan ? 1 : 0), .eid(operation.key.eid), .iccid(operation.key.iccid),
                .integer(operation.id.number))
        }
    }

    func cardsUnderWay(_ keys: [DeviceKey]) throws -> Set<EID> {
        // Of the profiles of a card only those matter that are not asked about: of these everything is known.
        let find = try statement(
            """
            SELECT 1 FROM device d JOIN operation o ON o.id = d.operation
            WHERE d.eid = ? AND d.iccid <> ? AND d.matters <> 0 AND o.phase <= \(OperationPhaseCode.lastOpen) LIMIT 1
            """)
        var found: Set<EID> = []
        for key in keys {
            try find.run(.eid(key.eid), .iccid(key.iccid)) { _ in found.insert(key.eid) }
        }
        return found
    }

    func operations(under request: RequestNumber) throws -> [Operation] {
        var operations: [Operation] = []
        let carried = "SELECT \(Self.operationColumns) FROM operation o WHERE o.request = ? ORDER BY o.id"
        try statement(carried).run(.integer(request.number)) { row in
            operations.append(try operation(row, from: 0))
        }
        return operations
    }

    func operationsInFlight() throws -> Int {
        var count = 0
        // The first term is the condition of the index.
        try statement(
            """
            SELECT count(*) FROM operation
            WHERE phase <= \(OperationPhaseCode.lastOpen) AND phase <> \(OperationPhaseCode.unresolved)
            """
        ).run { count = Int($0.integer(0)) }
        return count
    }

    func devicesWithOperationInFlight() throws -> [DeviceKey] {
        var keys: [DeviceKey] = []
        // The first term is the condition of the index.
        try statement(
            """
            SELECT eid, iccid FROM operation
            WHERE phase <= \(OperationPhaseCode.lastOpen) AND phase <> \(OperationPhaseCode.unresolved)
            """
        ).run { keys.append(try $0.key(0)) }
        return keys
    }

    func successes(of keys: [DeviceKey], since: Timestamp) throws -> [DeviceKey: Int] {
        let count = try statement(
            """
            SELECT count(*) FROM operation
            WHERE eid = ? AND iccid = ? AND intendedAt > ? AND phase = \(OperationPhaseCode.succeeded)
            """)
        var successes: [DeviceKey: Int] = [:]
        for key in keys {
            try count.run(.eid(key.eid), .iccid(key.iccid), .time(since)) { successes[key] = Int($0.integer(0)) }
        }
        return successes
    }

    func operation(on key: DeviceKey, under request: RequestNumber) throws -> Operation? {
        var found: Operation?
        try statement(
            "SELECT \(Self.operationColumns) FROM operation o WHERE o.eid = ? AND o.iccid = ? AND o.request = ? LIMIT 1"
        ).run(.eid(key.eid), .iccid(key.iccid), .integer(request.number)) { found = try operation($0, from: 0) }
        return found
    }

    /// An attempt that is dated later than so long after the time asked for was dated by a clock that was ahead.
    private static let countedTime = Duration.seconds(86_400)

    func attempts(of keys: [DeviceKey], since: Timestamp) throws -> [DeviceKey: Int] {
        let count = try statement(
            """
            SELECT count(*) FROM operation
            WHERE eid = ? AND iccid = ? AND intendedAt > ? AND intendedAt <= ? AND phase <> \(OperationPhaseCode.withdrawn)
            """)
        var attempts: [DeviceKey: Int] = [:]
        for key in keys {
            try count.run(.eid(key.eid), .iccid(key.iccid), .time(since), .time(since + Self.countedTime)) {
                attempts[key] = Int($0.integer(0))
            }
        }
        return attempts
    }
}
