import GRDB

extension SQLiteTransaction {
    func knownFleet() throws -> KnownFleet {
        var fleet = KnownFleet()
        fleet.rollouts = try openRollouts()
        fleet.pauses = try pauses()
        let mattering = """
            SELECT \(Self.operationColumns) FROM device d JOIN operation o ON o.id = d.operation
            WHERE d.matters <> 0 ORDER BY d.eid, d.iccid
            """
        try statement(mattering).run { row in fleet.operations.append(try self.operation(row, from: 0)) }
        var nextOperation = 0
        fleet.devices.reserveCapacity(try roomForDevices())
        var services = ServiceIndices()
        let everything = """
            SELECT eid, iccid, profile, reached, service, version, rollout FROM device ORDER BY eid, iccid
            """
        try statement(everything).run { row in
            let key = try row.key(0)
            var operationIndex: Int32 = -1
            if nextOperation < fleet.operations.count, fleet.operations[nextOperation].key == key {
                operationIndex = Int32(nextOperation)
                nextOperation += 1
            }
            let number = row.integer(4)
            let service: UInt16
            if let known = services.index(of: number) {
                service = known
            } else {
                service = UInt16(clamping: fleet.serviceStates.count)
                fleet.serviceStates.append(ServiceState(storedWord: try self.text(named: number)))
                services.add(number, service)
            }
            fleet.devices.append(
                KnownDevice(
                    key: key, profileCode: UInt8(truncatingIfNeeded: row.integer(2)),
                    reachedCode: UInt8(truncatingIfNeeded: row.integer(3)), serviceIndex: service,
                    operationIndex: operationIndex, version: row.integer(5),
                    rollout: Int32(truncatingIfNeeded: row.integer(6))))
        }
        return fleet
    }

    /// How many devices the file has room for: counting them would take as long as reading them. Memory that is set
    /// aside and not written to costs nothing.
    private func roomForDevices() throws -> Int {
        var size: Int64 = 0
        try statement("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").run {
            size = $0.integer(0)
        }
        return min(Int(size) / Self.leastDeviceSize, Self.mostRoom)
    }

    /// What a device takes in the file, with its entry in the index by ICCID, in bytes.
    private static let leastDeviceSize = 80
    private static let mostRoom = 4_000_000

    static let deviceColumns = """
        d.eid, d.iccid, d.account, d.imei, d.profile, d.profileStatus, d.observedAt, d.source, d.service, d.reached,
        d.version
        """
    static let deviceJoin =
        "SELECT \(deviceColumns), \(operationColumns) FROM device d LEFT JOIN operation o ON o.id = d.operation"

    func device(_ row: SQLiteRow) throws -> DeviceRecord {
        var record = DeviceRecord(
            key: try row.key(0), account: AccountName(try text(named: row.integer(2))),
            imei: row.optionalInteger(3).map { IMEI(word: UInt64(bitPattern: $0)) },
            service: ServiceState(storedWord: try text(named: row.integer(8))),
            reached: row.optionalInteger(9).flatMap { ProfileState(rawValue: UInt8(truncatingIfNeeded: $0)) },
            version: row.integer(10))
        if let state = row.optionalInteger(4).flatMap({ ProfileState(rawValue: UInt8(truncatingIfNeeded: $0)) }),
            let source = ObservationSource(rawValue: UInt8(truncatingIfNeeded: row.integer(7)))
        {
            record.observation = ProfileObservation(
                state: state, profileStatus: try row.optionalInteger(5).map { try text(named: $0) }, at: row.time(6),
                source: source)
        }
        if row.optionalInteger(11) != nil {
            record.operation = try operation(row, from: 11)
        }
        return record
    }

    func devices(_ keys: [DeviceKey]) throws -> [DeviceKey: DeviceRecord] {
        let byKey = try statement(Self.deviceJoin + " WHERE d.eid = ? AND d.iccid = ?")
        var found: [DeviceKey: DeviceRecord] = [:]
        for key in keys {
            try byKey.run(.eid(key.eid), .iccid(key.iccid)) { found[key] = try device($0) }
        }
        return found
    }

    func devices(eids: [EID], iccids: [ICCID], imeis: [IMEI]) throws -> [DeviceRecord] {
        var found: [DeviceKey: DeviceRecord] = [:]
        func add(_ row: SQLiteRow) throws {
            let record = try device(row)
            found[record.key] = record
        }
        for eid in eids {
            try statement(Self.deviceJoin + " WHERE d.eid = ?").run(.eid(eid), row: add)
        }
        for iccid in iccids {
            try statement(Self.deviceJoin + " WHERE d.iccid = ?").run(.iccid(iccid), row: add)
        }
        for imei in imeis {
            let word = Int64(bitPattern: imei.digits.word)
            try statement(Self.deviceJoin + " WHERE d.imei = ?").run(.integer(word), row: add)
        }
        return found.values.sorted { $0.key < $1.key }
    }

    func devicesInFlight() throws -> [DeviceRecord] {
        var found: [DeviceRecord] = []
        let open = """
            SELECT \(Self.deviceColumns), \(Self.operationColumns)
            FROM operation o JOIN device d ON d.eid = o.eid AND d.iccid = o.iccid AND d.operation = o.id
            WHERE o.phase <= \(OperationPhaseCode.lastOpen)
            """
        try statement(open).run { found.append(try device($0)) }
        return found
    }

    func save(_ devices: [DeviceRecord]) throws {
        let upsert = """
            INSERT INTO device
                (eid, iccid, account, imei, profile, profileStatus, observedAt, source, service, reached, version,
                operation)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
            ON CONFLICT DO UPDATE SET
                account = excluded.account, imei = coalesce(excluded.imei, imei), profile = excluded.profile,
                profileStatus = excluded.profileStatus, observedAt = excluded.observedAt, source = excluded.source,
                service = excluded.service, reached = excluded.reached, version = version + 1
            """
        let save = try statement(upsert)
        for record in devices {
            let observation = record.observation
            try save.run(
                .eid(record.key.eid), .iccid(record.key.iccid),
                .integer(try number(naming: record.account.description)),
                .optional(record.imei.map { Int64(bitPattern: $0.digits.word) }),
                .optional(observation.map { Int64($0.state.rawValue) }),
                .optional(try observation?.profileStatus.map { try number(naming: $0) }),
                .time(observation?.at), .optional(observation.map { Int64($0.source.rawValue) }),
                .integer(try number(naming: record.service.word)),
                .optional(record.reached.map { Int64($0.rawValue) }), .optional(record.operation?.id.number))
        }
    }
}

/// The numbers of service states in a fleet's table, by their numbers in the store; neighbours mostly have the same.
private struct ServiceIndices {
    private var indices: [Int64: UInt16] = [:]
    private var last: (number: Int64, index: UInt16)?

    mutating func index(of number: Int64) -> UInt16? {
        if let last, last.number == number { return last.index }
        guard let index = indices[number] else { return nil }
        last = (number, index)
        return index
    }

    mutating func add(_ number: Int64, _ index: UInt16) {
        indices[number] = index
        last = (number, index)
    }
}
