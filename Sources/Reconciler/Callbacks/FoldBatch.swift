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
    /// Cards of which all profiles that are known were read.
    private var wholeCards: Set<EID> = []
    private var requests: [RequestID: RequestRecord] = [:]
    /// The device of each request that carried one only.
    private var loneKeys: [RequestNumber: DeviceKey] = [:]
    private var changedRecords: Set<DeviceKey> = []
    private var changedOperations: [OperationID: Operation] = [:]
    private var events: [StateEvent] = []

    /// How long the answer to a call may take, at most.
    private static let longestCall = Duration.seconds(120)

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
            if message.outerIdentifiers.eids.contains(where: { keysByEID[$0] != nil }) { continue }
            for identifiers in [message.outerIdentifiers, message.innerIdentifiers] {
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
        if let request, case .deviceList = request.kind {
            try take(callback, isWhole: !message.isPartOfDeviceList, answering: request)
            return true
        }
        if request == nil, message.holdsDeviceList || message.namesNoDevice,
            try transaction.awaitsDeviceListName(since: now - Self.longestCall)
        {
            // The answer was faster than the name of the request; it stays unread until that is written down.
            return false
        }
        let match = try device(meantBy: message, request: request)
        if waitsForName(of: request, message, match) { return false }
        switch match {
        case .device(let key):
            guard let record = records[key] else { break }
            let relation = try relation(of: request, named: message.requestID, to: record)
            let fold = CallbackFold(
                message.reading, service: message.serviceState, callback: callback.number, about: record,
                relation: relation, at: now, policy: policy)
            take(fold.record, over: record)
            events += fold.events
            if let changed = fold.record { try noteOtherProfiles(of: changed, over: record, callback.number) }
            try transaction.mark(callback.number, as: fold.verdict, device: key)
            return true
        case .otherProfile(let keys):
            for record in keys.compactMap({ records[$0] }) {
                let fold = CallbackFold(
                    otherProfile: message.reading, callback: callback.number, on: record, at: now, policy: policy)
                take(fold.record, over: record)
                events += fold.events
            }
            try transaction.mark(callback.number, as: .otherProfile, device: keys.first)
            return true
        case .contradictory(let key):
            guard let record = records[key] else { break }
            let fold = CallbackFold(
                .unclear("its identifiers contradict each other"), service: nil,
                callback: callback.number, about: record,
                relation: try relation(of: request, named: message.requestID, to: record), at: now,
                policy: policy)
            take(fold.record, over: record)
            events += fold.events
            try transaction.mark(callback.number, as: fold.verdict, device: key)
            return true
        case .none:
            break
        }
        try transaction.mark(callback.number, as: .unknownDevice, device: nil)
        return true
    }

    /// Whether the message may be the outcome of a call whose answer, with the name of its request, has not come yet: it
    /// stays unread until that is written down.
    private func waitsForName(of request: RequestRecord?, _ message: CallbackMessage, _ match: CallbackMatch) -> Bool {
        guard request == nil, message.requestID != nil, case .device(let key) = match,
            let operation = records[key]?.operation
        else { return false }
        return operation.phase == .intended && operation.intendedAt > now - Self.longestCall
            && operation.intendedAt <= now
    }

    private func relation(
        of request: RequestRecord?, named name: RequestID?, to record: DeviceRecord
    ) throws -> RequestRelation {
        guard let request else { return .foreign(name) }
        if record.operation?.request == request.number { return .latestOperation }
        guard let earlier = try transaction.operation(on: record.key, under: request.number) else {
            return .foreign(name)
        }
        return .earlierOperation(earlier.action, hasSucceeded: earlier.phase == .succeeded)
    }

    /// Of the profiles of a card at most one is enabled: where a message shows that one was, the others are not any more.
    private mutating func noteOtherProfiles(
        of changed: DeviceRecord, over record: DeviceRecord, _ callback: CallbackNumber
    ) throws {
        guard changed.observation?.state == .downloadedEnabled, changed.observation != record.observation else {
            return
        }
        let card = changed.key.eid
        if wholeCards.insert(card).inserted {
            let missing = try transaction.devices(eids: [card], iccids: [], imeis: []).filter { records[$0.key] == nil }
            add(missing)
        }
        for key in keysByEID[card, default: []].sorted() where key != changed.key {
            guard let other = records[key] else { continue }
            var switchedOff = other
            guard switchedOff.otherProfileWasEnabled(at: now) else { continue }
            var log = FoldLog(device: key, operation: nil, callback: callback, at: now)
            log.add(.observed, "another profile of its eUICC, \(changed.key.iccid), was enabled")
            take(switchedOff, over: other)
            events += log.events
        }
    }

    private func device(meantBy message: CallbackMessage, request: RequestRecord?) throws -> CallbackMatch {
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
                isUnderRequest: try request.map { try isCarried(record, by: $0) } ?? false, isGone: record.isGone)
        }
        return CallbackMatcher.match(
            message, among: candidates, ofLoneRequest: request.flatMap { loneKeys[$0.number] })
    }

    private func isCarried(_ record: DeviceRecord, by request: RequestRecord) throws -> Bool {
        if record.operation?.request == request.number { return true }
        return try transaction.operation(on: record.key, under: request.number) != nil
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

    /// Notes that a device list was answered; what it tells is read by who has asked, all of the answers together.
    private func take(_ callback: CallbackRecord, isWhole: Bool, answering request: RequestRecord) throws {
        try transaction.mark(callback.number, asAnswerTo: request.number)
        guard isWhole, let id = request.requestID else { return }
        var answered = request
        answered.outcome = .answered(id)
        try transaction.update(answered)
    }

    /// Writes what has changed.
    func commit() throws {
        try transaction.save(changedRecords.sorted().compactMap { records[$0] })
        try transaction.update(changedOperations.values.sorted { $0.id.number < $1.id.number })
        try transaction.append(events)
    }
}

extension DeviceRecord {
    /// Whether the profile was there and is known to have left: deleted, or its line off the account.
    fileprivate var isGone: Bool {
        observation?.state == .deleted || service == .notOnAccount || service == .deactivated
    }
}
