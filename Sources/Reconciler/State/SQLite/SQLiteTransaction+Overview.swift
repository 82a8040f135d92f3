import GRDB

extension SQLiteTransaction {
    func devices(_ query: DeviceQuery) throws -> DevicePage {
        let orders = query.orders.drop { $0 != query.after?.order ?? .eid }
        var found: [(order: DevicePosition.Order, record: DeviceRecord)] = []
        for order in orders {
            // One more than is wanted tells whether there is another page.
            let room = query.limit + 1 - found.count
            guard room > 0 else { break }
            let after = query.after?.order == order ? query.after : nil
            let records =
                switch order {
                case .eid: try devicesByEID(query, after, room)
                case .iccid: try devicesByICCID(query, after, room)
                case .imei: try devicesByIMEI(query, after, room)
                }
            found += records.map { (order, $0) }
        }
        let page = found.prefix(query.limit)
        let next = found.count > page.count ? page.last.flatMap { DevicePosition($0.order, $0.record) } : nil
        return DevicePage(devices: page.map(\.record), next: next)
    }

    /// Sorts before every EID and ICCID.
    private static let first = SQLiteValue.blob([0])
    private static let lastEID = EID(high: .max, low: .max)

    private func devicesByEID(
        _ query: DeviceQuery, _ after: DevicePosition?, _ limit: Int
    ) throws -> [DeviceRecord] {
        // Those whose operations matter are few beside the fleet, and have an index: among them all three kinds of
        // identifiers are looked at together.
        if let standing = query.standing { return try devices(standing, query.prefix, after, limit) }
        let range = query.prefix?.eids
        return try devices(
            "WHERE (d.eid, d.iccid) > (?, ?) AND d.eid <= ? ORDER BY d.eid, d.iccid LIMIT ?",
            [
                (after?.key.eid ?? range?.lowerBound).map { .eid($0) } ?? Self.first,
                after.map { .iccid($0.key.iccid) } ?? Self.first, .eid(range?.upperBound ?? Self.lastEID),
                .number(limit),
            ])
    }

    private func devices(
        _ standing: DeviceQuery.Standing, _ prefix: DigitPrefix?, _ after: DevicePosition?, _ limit: Int
    ) throws -> [DeviceRecord] {
        var conditions: [String] = []
        var values: [SQLiteValue] = [
            after.map { .eid($0.key.eid) } ?? Self.first, after.map { .iccid($0.key.iccid) } ?? Self.first,
        ]
        func add(_ column: String, from lower: SQLiteValue, to upper: SQLiteValue) {
            conditions.append("\(column) BETWEEN ? AND ?")
            values += [lower, upper]
        }
        if let prefix {
            add("d.eid", from: .eid(prefix.eids.lowerBound), to: .eid(prefix.eids.upperBound))
            if let range = prefix.iccids {
                add("d.iccid", from: .iccid(range.lowerBound), to: .iccid(range.upperBound))
            }
            if let range = prefix.imeis { add("d.imei", from: .imei(range.lowerBound), to: .imei(range.upperBound)) }
        }
        let restriction = conditions.isEmpty ? "" : "AND (\(conditions.joined(separator: " OR ")))"
        return try devices(
            """
            WHERE (d.eid, d.iccid) > (?, ?) AND \(standing.condition) \(restriction)
            ORDER BY d.eid, d.iccid LIMIT ?
            """, values + [.number(limit)])
    }

    private func devicesByICCID(
        _ query: DeviceQuery, _ after: DevicePosition?, _ limit: Int
    ) throws -> [DeviceRecord] {
        guard let prefix = query.prefix, let range = prefix.iccids else { return [] }
        return try devices(
            Self.joined(
                """
                WHERE (iccid, eid) > (?, ?) AND iccid <= ? AND eid NOT BETWEEN ? AND ? ORDER BY iccid, eid LIMIT ?
                """, "d.iccid, d.eid"),
            [
                .iccid(after?.key.iccid ?? range.lowerBound), after.map { .eid($0.key.eid) } ?? Self.first,
                .iccid(range.upperBound), .eid(prefix.eids.lowerBound), .eid(prefix.eids.upperBound), .number(limit),
            ])
    }

    private func devicesByIMEI(
        _ query: DeviceQuery, _ after: DevicePosition?, _ limit: Int
    ) throws -> [DeviceRecord] {
        guard let prefix = query.prefix, let iccids = prefix.iccids, let range = prefix.imeis else { return [] }
        return try devices(
            Self.joined(
                """
                WHERE imei IS NOT NULL AND (imei, eid, iccid) > (?, ?, ?) AND imei <= ?
                AND eid NOT BETWEEN ? AND ? AND iccid NOT BETWEEN ? AND ? ORDER BY imei, eid, iccid LIMIT ?
                """, "d.imei, d.eid, d.iccid"),
            [
                .imei(after?.imei ?? range.lowerBound), after.map { .eid($0.key.eid) } ?? Self.first,
                after.map { .iccid($0.key.iccid) } ?? Self.first, .imei(range.upperBound),
                .eid(prefix.eids.lowerBound), .eid(prefix.eids.upperBound), .iccid(iccids.lowerBound),
                .iccid(iccids.upperBound), .number(limit),
            ])
    }

    /// Finds the keys in an index alone before the devices themselves are read: those that an earlier order has told
    /// already may be very many.
    private static func joined(_ keys: String, _ order: String) -> String {
        """
        JOIN (SELECT eid, iccid FROM device \(keys)) k ON d.eid = k.eid AND d.iccid = k.iccid ORDER BY \(order)
        """
    }

    private func devices(_ rest: String, _ values: [SQLiteValue]) throws -> [DeviceRecord] {
        var found: [DeviceRecord] = []
        try statement("\(Self.deviceJoin) \(rest)").run(values) { found.append(try device($0)) }
        return found
    }

    func activity(since mark: ActivityMark?) throws -> (counts: ActivityCounts, mark: ActivityMark) {
        var end = (request: Int64(0), callback: Int64(0))
        try statement(
            """
            SELECT coalesce((SELECT max(id) FROM request), 0),
                coalesce((SELECT min(id) - 1 FROM callback WHERE verdict = 0), (SELECT max(id) FROM callback), 0)
            """
        ).run { end = ($0.integer(0), $0.integer(1)) }
        let next = ActivityMark(event: try eventMark(), request: end.request, callback: end.callback)
        guard let mark else { return (ActivityCounts(), next) }
        var requests: [ProfileAction: Int] = [:]
        var deviceLists = 0
        try statement("SELECT action, count(*) FROM request WHERE id > ? GROUP BY action").run(
            .integer(mark.request)
        ) { row in
            if let action = ProfileAction(rawValue: row.text(0)) {
                requests[action] = Int(row.integer(1))
            } else {
                deviceLists += Int(row.integer(1))
            }
        }
        var callbacks: [CallbackVerdict: Int] = [:]
        try statement(
            "SELECT verdict, count(*) FROM callback WHERE id > ? AND id <= ? AND verdict <> 0 GROUP BY verdict"
        ).run(.integer(mark.callback), .integer(next.callback)) { row in
            if let verdict = CallbackVerdict(rawValue: UInt8(truncatingIfNeeded: row.integer(0))) {
                callbacks[verdict] = Int(row.integer(1))
            }
        }
        let counts = ActivityCounts(
            events: try eventCounts(after: mark.event), requests: requests, deviceLists: deviceLists,
            callbacks: callbacks)
        return (counts, next)
    }

    func unreadCallbackCount() throws -> Int {
        var count = 0
        try statement("SELECT count(*) FROM callback WHERE verdict = 0").run { count = Int($0.integer(0)) }
        return count
    }
}

extension DeviceQuery {
    /// The orders in which there is something to find.
    fileprivate var orders: [DevicePosition.Order] {
        prefix == nil || standing != nil ? [.eid] : DevicePosition.Order.allCases
    }
}

extension DeviceQuery.Standing {
    /// Which devices stand so. The first term is the condition of an index.
    fileprivate var condition: String {
        let phases =
            switch self {
            case .inFlight: "o.phase IN (\(OperationPhaseCode.intended), \(OperationPhaseCode.submitted))"
            case .enablePending: "o.phase = \(OperationPhaseCode.enablePending)"
            case .held: "o.phase = \(OperationPhaseCode.unresolved)"
            case .waiting:
                "o.phase IN (\(OperationPhaseCode.failed), \(OperationPhaseCode.withdrawn)) AND o.dueAt IS NOT NULL"
            case .failed: "o.phase = \(OperationPhaseCode.failed) AND o.dueAt IS NULL"
            }
        return "d.matters <> 0 AND \(phases)"
    }
}

extension SQLiteValue {
    fileprivate static func imei(_ imei: IMEI) -> Self { .integer(Int64(bitPattern: imei.digits.word)) }
}
