import GRDB

extension SQLiteTransaction {
    func devices(_ query: DeviceQuery) throws -> DevicePage {
        let orders = DevicePosition.Order.allCases.drop { $0 != query.after?.order ?? .eid }
        var found: [(order: DevicePosition.Order, record: DeviceRecord)] = []
        for order in query.prefix == nil ? orders.prefix(1) : orders {
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
        let range = query.prefix?.eids
        return try devices(
            "(d.eid, d.iccid) > (?, ?) AND d.eid <= ?", query.standing, "d.eid, d.iccid",
            [
                (after?.key.eid ?? range?.lowerBound).map { .eid($0) } ?? Self.first,
                after.map { .iccid($0.key.iccid) } ?? Self.first, .eid(range?.upperBound ?? Self.lastEID),
                .number(limit),
            ])
    }

    private func devicesByICCID(
        _ query: DeviceQuery, _ after: DevicePosition?, _ limit: Int
    ) throws -> [DeviceRecord] {
        guard let prefix = query.prefix, let range = prefix.iccids else { return [] }
        return try devices(
            "(d.iccid, d.eid) > (?, ?) AND d.iccid <= ? AND d.eid NOT BETWEEN ? AND ?", query.standing,
            "d.iccid, d.eid",
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
            """
            d.imei IS NOT NULL AND (d.imei, d.eid, d.iccid) > (?, ?, ?) AND d.imei <= ?
            AND d.eid NOT BETWEEN ? AND ? AND d.iccid NOT BETWEEN ? AND ?
            """, query.standing, "d.imei, d.eid, d.iccid",
            [
                .imei(after?.imei ?? range.lowerBound), after.map { .eid($0.key.eid) } ?? Self.first,
                after.map { .iccid($0.key.iccid) } ?? Self.first, .imei(range.upperBound),
                .eid(prefix.eids.lowerBound), .eid(prefix.eids.upperBound), .iccid(iccids.lowerBound),
                .iccid(iccids.upperBound), .number(limit),
            ])
    }

    private func devices(
        _ condition: String, _ standing: DeviceQuery.Standing?, _ order: String, _ values: [SQLiteValue]
    ) throws -> [DeviceRecord] {
        var found: [DeviceRecord] = []
        let standing = standing.map { " AND \($0.condition)" } ?? ""
        try statement("\(Self.deviceJoin) WHERE \(condition)\(standing) ORDER BY \(order) LIMIT ?").run(values) {
            found.append(try device($0))
        }
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
