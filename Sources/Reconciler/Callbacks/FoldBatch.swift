/// Lets a batch of callbacks take effect within one transaction: everything is read first, changed in memory,
/// and written once.
struct FoldBatch {
    private let transaction: any StateTransaction
    private let now: Timestamp
    private let policy: ConvergencePolicy

    private var records: [DeviceKey: DeviceRecord] = [:]
    private var keysByEID: [EID: Set<DeviceKey>] = [:]
    private var keysByICCID: [ICCID: Set<DeviceKey>] = [:]
    private var keysByIMEI: [IMEI: Set<DeviceKey>] = [:]
    private var requests: [RequestID: RequestRecord] = [:]
    /// The device of each request that carried one only.
    private var loneKeys: [RequestNumber: DeviceKey] = [:]
    private var changedRecords: Set<DeviceKey> = []
    private var changedOperations: [OperationID: Operation] = [:]
    private var events: [StateEvent] = []

    /// How long the answer to a call may take, at most.
    private static let longestCall = Duration.seconds(120)
    /// How long a message may be on its way: a quarter of an hour of deliveries (`thingspace.md`, section 5.3), and
    /// what the eUICC takes before.
    private static let longestSilence = Duration.seconds(24 * 3600)

    init(transaction: any StateTransaction, now: Timestamp, policy: ConvergencePolicy) {
        self.transaction = transaction
        self.now = now
        self.policy = policy
    }

    /// Reads the devices and requests that the messages name.
    mutating func prepare(for messages: [CallbackMessage]) throws {
        // Where an EID at the top of a message finds a device, nothing else is asked which one is meant.
        try add(transaction.devices(eids: messages.flatMap(\.outerIdentifiers.eids), iccids: [], imeis: []))
        var eids: Set<EID> = []
        var iccids: Set<ICCID> = []
        var imeis: Set<IMEI> = []
        var requestIDs: Set<RequestID> = []
        for message in messages {
            if let id = message.requestID { requestIDs.insert(id) }
            if message.outerIdentifiers.eids.contains(where: { keysByEID[$0] != nil }), message.deviceListRows.isEmpty {
                continue
            }
            let rows = message.deviceListRows.map(\.identifiers)
            for identifiers in [message.outerIdentifiers, message.innerIdentifiers] + rows {
                eids.formUnion(identifiers.eids)
                iccids.formUnion(identifiers.iccids)
                imeis.formUnion(identifiers.imeis)
            }
        }
        requests = try transaction.requests(Array(requestIDs))
        try add(transaction.devices(eids: Array(eids), iccids: Array(iccids), imeis: Array(imeis)))
        for request in requests.values where request.deviceCount == 1 {
            guard let key = try transaction.operations(under: request.number).first?.key else { continue }
            loneKeys[request.number] = key
            if records[key] == nil { try add(transaction.devices([key]).values) }
        }
    }

    private mutating func add(_ found: some Sequence<DeviceRecord>) {
        for record in found {
            records[record.key] = record
            keysByEID[record.key.eid, default: []].insert(record.key)
            keysByICCID[record.key.iccid, default: []].insert(record.key)
            if let imei = record.imei { keysByIMEI[imei, default: []].insert(record.key) }
        }
    }

    /// Lets one callback take effect.
    /// - Returns: `false` if it stays unread for now.
    mutating func fold(_ callback: CallbackRecord, _ message: CallbackMessage?) throws -> Bool {
        guard let message else {
            try transaction.mark(callback.number, as: .unreadable, device: nil)
            return true
        }
        let request = message.requestID.flatMap { requests[$0] }
        if let request, case .deviceList(let filter) = request.kind {
            try fold(message.deviceListRows, answering: request, filter: filter)
            try transaction.mark(callback.number, as: .deviceList, device: nil)
            return true
        }
        if request == nil, !message.deviceListRows.isEmpty,
            try transaction.awaitsDeviceListName(since: now - Self.longestCall)
        {
            // The answer was faster than the name of the request; it stays unread until that is written down.
            return false
        }
        guard let key = try device(meantBy: message, request: request), let record = records[key] else {
            try transaction.mark(callback.number, as: .unknownDevice, device: nil)
            return true
        }
        let relation = try relation(of: request, to: record)
        let fold = CallbackFold(
            message.reading, service: message.serviceState, callback: callback.number, about: record,
            relation: relation, mayBeEarlier: try relation == .foreign && hadOtherOperations(record), at: now,
            policy: policy)
        take(fold.record, over: record)
        events += fold.events
        try transaction.mark(callback.number, as: fold.verdict, device: key)
        return true
    }

    private func relation(of request: RequestRecord?, to record: DeviceRecord) throws -> RequestRelation {
        guard let request else { return .foreign }
        if record.operation?.request == request.number { return .latestOperation }
        return try transaction.didCarry(record.key, request: request.number) ? .earlierOperation : .foreign
    }

    /// Whether the carrier may have something to say of an earlier operation of the device.
    private func hadOtherOperations(_ record: DeviceRecord) throws -> Bool {
        let since = now - Self.longestSilence
        return try transaction.attempts(of: [record.key], since: since)[record.key, default: 0] > 1
    }

    private func device(meantBy message: CallbackMessage, request: RequestRecord?) throws -> DeviceKey? {
        var keys: Set<DeviceKey> = []
        for identifiers in [message.outerIdentifiers, message.innerIdentifiers] {
            for eid in identifiers.eids { keys.formUnion(keysByEID[eid, default: []]) }
            for iccid in identifiers.iccids { keys.formUnion(keysByICCID[iccid, default: []]) }
            for imei in identifiers.imeis { keys.formUnion(keysByIMEI[imei, default: []]) }
        }
        if let request, let key = loneKeys[request.number] { keys.insert(key) }
        let candidates = try keys.compactMap { records[$0] }.sorted { $0.key < $1.key }.map { record in
            MatchCandidate(
                key: record.key, imei: record.imei, hasOpenOperation: record.operation?.isOpen ?? false,
                isUnderRequest: try keys.count > 1 && relation(of: request, to: record) != .foreign)
        }
        return CallbackMatcher.device(
            meantBy: message, among: candidates, ofLoneRequest: request.flatMap { loneKeys[$0.number] })
    }

    private mutating func take(_ changed: DeviceRecord?, over record: DeviceRecord) {
        guard let changed else { return }
        records[changed.key] = changed
        if let operation = changed.operation, operation != record.operation {
            changedOperations[operation.id] = operation
        }
        var withoutOperation = changed
        withoutOperation.operation = record.operation
        if withoutOperation != record { changedRecords.insert(changed.key) }
    }

    // MARK: Device lists

    private mutating func fold(
        _ rows: [DeviceListRow], answering request: RequestRecord, filter: String?
    ) throws {
        for row in rows {
            for key in keys(of: row) {
                guard let record = records[key] else { continue }
                take(
                    record.lookedUp(
                        row.profileStatus ?? filter, service: row.serviceState, asOf: request.sentAt, at: now,
                        policy: policy, list: request.number, run: request.run, events: &events),
                    over: record)
            }
        }
        guard let id = request.requestID else { return }
        var answered = request
        answered.outcome = .answered(id)
        try transaction.update(answered)
    }

    private func keys(of row: DeviceListRow) -> Set<DeviceKey> {
        let byICCID = row.identifiers.iccids.reduce(into: Set<DeviceKey>()) {
            $0.formUnion(keysByICCID[$1, default: []])
        }
        let byEID = row.identifiers.eids.reduce(into: Set<DeviceKey>()) { $0.formUnion(keysByEID[$1, default: []]) }
        if byICCID.isEmpty {
            // Without an ICCID a row names a device only if the eUICC holds one profile.
            return byEID.count == 1 && row.identifiers.iccids.isEmpty ? byEID : []
        }
        return byEID.isEmpty ? byICCID : byICCID.intersection(byEID)
    }

    /// Writes what has changed.
    func commit() throws {
        try transaction.save(changedRecords.sorted().compactMap { records[$0] })
        try transaction.update(changedOperations.values.sorted { $0.id.number < $1.id.number })
        try transaction.append(events)
    }
}
