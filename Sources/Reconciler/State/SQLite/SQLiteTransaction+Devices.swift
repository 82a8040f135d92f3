import GRDB

extension SQLiteTransaction {
    func knownFleet() throws -> KnownFleet {
        var fleet = KnownFleet()
        fleet.rollouts = try openRollouts()
        fleet.pauses = try pauses()
        fleet.heldSets = try heldSets(fleet.rollouts, fleet.pauses)
        fleet.moves = try movedAway()
        fleet.doubts = try devicesInDoubt()
        let mattering = """
            SELECT \(Self.operationColumns) FROM device d JOIN operation o ON o.id = d.operation
            WHERE d.matters <> 0 ORDER BY d.eid, d.iccid
            """
        try statement(mattering).run { row in
            guard row.wholeKey(1) != nil else { return }
            fleet.operations.append(try self.operation(row, from: 0))
        }
        var nextOperation = 0
        fleet.devices.reserveCapacity(try roomForDevices())
        var services = ServiceIndices()
        let everything = """
            SELECT eid, iccid, profile, reached, service, version, rollout, run, provenAt FROM device
            ORDER BY eid, iccid
            """
        try statement(everything).run { row in
            // One that nothing names is no device of any manifest: `state check` shows it.
            guard let key = row.wholeKey(0) else { return }
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
                    rollout: Int32(truncatingIfNeeded: row.integer(6)),
                    run: Int32(truncatingIfNeeded: row.integer(7)), provenAtMilliseconds: row.integer(8)))
        }
        return fleet
    }

    func accountsOfDevices() throws -> KnownAccounts {
        var accounts = KnownAccounts()
        var numbers: [Int64: UInt16] = [:]
        try statement("SELECT eid, iccid, account FROM device ORDER BY eid, iccid").run { row in
            guard row.wholeKey(0) != nil else { return }
            let name = row.integer(2)
            let number = numbers[name] ?? UInt16(clamping: accounts.names.count)
            if Int(number) == accounts.names.count {
                numbers[name] = number
                accounts.names.append(AccountName(try text(named: name)))
            }
            accounts.numbers.append(number)
        }
        return accounts
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
        d.version, d.reachedSeenAt, d.changedAt, d.changedBy, d.changedUnder, d.hint, d.hintAt, d.hintDetail,
        d.hintState, d.hintLookups, d.hintDueAt, d.hintUnder
        """
    /// How many columns `deviceColumns` names.
    private static let deviceColumnCount: CInt = 22
    static let deviceJoin =
        "SELECT \(deviceColumns), \(operationColumns) FROM device d LEFT JOIN operation o ON o.id = d.operation"

    func device(_ row: SQLiteRow) throws -> DeviceRecord {
        var record = try deviceAlone(row)
        if row.optionalInteger(Self.deviceColumnCount) != nil {
            record.operation = try operation(row, from: Self.deviceColumnCount)
        }
        return record
    }

    /// Reads `deviceColumns`, without the operation.
    private func deviceAlone(_ row: SQLiteRow) throws -> DeviceRecord {
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
        record.reachedSeenAt = row.optionalTime(11)
        if let at = row.optionalTime(12),
            let source = ObservationSource(rawValue: UInt8(truncatingIfNeeded: row.integer(13)))
        {
            record.change = ProfileChange(
                at: at, source: source, foreignRequest: row.optionalText(14).map { RequestID($0) })
        }
        record.hint = hint(row, from: 15)
        return record
    }

    private func hint(_ row: SQLiteRow, from first: CInt) -> Hint? {
        guard let code = row.optionalInteger(first) else { return nil }
        // A kind that this version does not know is a doubt all the same.
        let kind = UInt8(exactly: code).flatMap { Hint.Kind(rawValue: $0) } ?? .unclearMessage
        return Hint(
            kind, at: row.time(first + 1), detail: row.text(first + 2),
            suggests: row.optionalInteger(first + 3).flatMap { ProfileState(rawValue: UInt8(truncatingIfNeeded: $0)) },
            lookups: Int(clamping: row.integer(first + 4)), lookupAt: row.time(first + 5),
            foreignRequest: row.optionalText(first + 6).map { RequestID($0) })
    }

    /// The devices of which something puts what is known in doubt, in the order of their keys.
    func devicesInDoubt() throws -> ContiguousArray<DeviceInDoubt> {
        var found: ContiguousArray<DeviceInDoubt> = []
        let inDoubt = """
            SELECT eid, iccid, hint, hintAt, hintDetail, hintState, hintLookups, hintDueAt, hintUnder FROM device
            WHERE hint IS NOT NULL ORDER BY eid, iccid
            """
        try statement(inDoubt).run { row in
            guard let key = row.wholeKey(0), let hint = self.hint(row, from: 2) else { return }
            found.append(DeviceInDoubt(key: key, hint: hint))
        }
        return found
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
        let byEID = try statement(Self.deviceJoin + " WHERE d.eid = ?")
        for eid in eids { try byEID.run(.eid(eid), row: add) }
        let byICCID = try statement(Self.deviceJoin + " WHERE d.iccid = ?")
        for iccid in iccids { try byICCID.run(.iccid(iccid), row: add) }
        let byIMEI = try statement(Self.deviceJoin + " WHERE d.imei = ?")
        for imei in imeis { try byIMEI.run(.integer(Int64(bitPattern: imei.digits.word)), row: add) }
        return found.values.sorted { $0.key < $1.key }
    }

    func devicesInFlight() throws -> [DeviceRecord] {
        var found: [DeviceRecord] = []
        let open = """
            SELECT \(Self.deviceColumns), \(Self.operationColumns)
            FROM operation o JOIN device d ON d.eid = o.eid AND d.iccid = o.iccid AND d.operation = o.id
            WHERE o.phase <= \(OperationPhaseCode.lastOpen)
            """
        try statement(open).run { row in
            guard row.wholeKey(0) != nil else { return }
            found.append(try device(row))
        }
        return found
    }

    func save(_ devices: [DeviceRecord]) throws {
        let upsert = """
            INSERT INTO device
                (eid, iccid, account, imei, profile, profileStatus, observedAt, source, service, reached, version,
                operation, reachedSeenAt, changedAt, changedBy, changedUnder, provenAt, hint, hintAt, hintDetail,
                hintState, hintLookups, hintDueAt, hintUnder)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                account = excluded.account, imei = coalesce(excluded.imei, imei), profile = excluded.profile,
                profileStatus = excluded.profileStatus, observedAt = excluded.observedAt, source = excluded.source,
                service = excluded.service, reached = excluded.reached, reachedSeenAt = excluded.reachedSeenAt,
                changedAt = excluded.changedAt, changedBy = excluded.changedBy, changedUnder = excluded.changedUnder,
                provenAt = excluded.provenAt, hint = excluded.hint, hintAt = excluded.hintAt,
                hintDetail = excluded.hintDetail, hintState = excluded.hintState,
                hintLookups = excluded.hintLookups, hintDueAt = excluded.hintDueAt,
                hintUnder = excluded.hintUnder, version = version + 1
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
                .optional(record.reached.map { Int64($0.rawValue) }), .optional(record.operation?.id.number),
                .time(record.reachedSeenAt), .time(record.change?.at),
                .optional(record.change.map { Int64($0.source.rawValue) }),
                .optional(record.change?.foreignRequest?.description), .time(record.provenAt),
                .optional(record.hint.map { Int64($0.kind.rawValue) }), .time(record.hint?.at),
                .optional(record.hint?.detail), .optional(record.hint?.suggests.map { Int64($0.rawValue) }),
                .optional(record.hint.map { Int64($0.lookups) }), .time(record.hint?.lookupAt),
                .optional(record.hint?.foreignRequest?.description))
        }
    }

    func confirm(_ key: DeviceKey, at: Timestamp, source: ObservationSource) throws {
        try statement("UPDATE device SET observedAt = ?, source = ?, provenAt = ? WHERE eid = ? AND iccid = ?").run(
            .time(at), .number(source.rawValue), .time(source.isEvidence ? at : nil), .eid(key.eid),
            .iccid(key.iccid))
    }

    func identities(on account: AccountName) throws -> [KnownIdentity] {
        var found: [KnownIdentity] = []
        try statement("SELECT eid, iccid, imei, profile FROM device WHERE account = ? ORDER BY eid, iccid").run(
            .integer(try number(known: account.description))
        ) { row in
            guard let key = row.wholeKey(0) else { return }
            let profile = row.optionalInteger(3).flatMap { ProfileState(rawValue: UInt8(truncatingIfNeeded: $0)) }
            found.append(
                KnownIdentity(
                    key: key, imei: row.optionalInteger(2).map { IMEI(word: UInt64(bitPattern: $0)) },
                    isTold: profile.map { $0 != .unknown } ?? false))
        }
        return found
    }

    /// The devices whose profile is in another state than the one that was reached on purpose.
    func movedAway() throws -> ContiguousArray<KnownMove> {
        var found: ContiguousArray<KnownMove> = []
        let moved = """
            SELECT \(Self.deviceColumns) FROM device d
            WHERE d.profile <> d.reached ORDER BY d.eid, d.iccid
            """
        try statement(moved).run { row in
            guard row.wholeKey(0) != nil else { return }
            let record = try deviceAlone(row)
            found.append(
                KnownMove(
                    key: record.key, observation: record.observation, reachedSeenAt: record.reachedSeenAt,
                    change: record.change))
        }
        return found
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
