/// Sends one batch: writes the intent down, makes the call, writes the answer down.
///
/// The intent is on disk before the call leaves, and the requestId before this returns. After a crash in between
/// the operations are found as intended and never sent again before they were looked up.
struct RequestSender: Sendable {
    let store: any StateStore
    let carrier: any Carrier
    let clock: any WallClock
    let policy: ConvergencePolicy
    let observer: any ProtocolObserver

    /// What came of a batch.
    enum Result: Sendable {
        /// All is written down; nothing is left to do for this batch.
        case done
        /// Nothing of it was sent: its devices have changed since, a person has paused them, or their windows have closed.
        case withheld
        /// The carrier refused the batch for one device, or as too large; the halves are to be sent.
        case split(RequestBatch, RequestBatch)
        /// The carrier is busy or cannot be reached; nothing is to be sent to this account before the time.
        case pause(AccountName, until: Timestamp, reason: String, isUnreachable: Bool)
        /// Nothing more can be sent for this account until a person has changed something.
        case stopAccount(AccountName, String)
        /// Nothing more can be sent at all until a person has changed something.
        case stopRun(String)
    }

    /// - Parameter releases: how the devices of each profile set are let out, in the order of the fleet's sets.
    /// - Throws: `StateStoreError`
    func send(_ batch: RequestBatch, under releases: [Release]) async throws -> Result {
        guard let intended = try await intend(batch, releases) else { return .withheld }
        observer.reached(.intentKept)
        let outcome = await carrier.request(
            batch.action, for: intended.operations.map(\.key), account: batch.account, smsr: batch.smsr)
        observer.reached(.callAnswered)
        defer { observer.reached(.answerKept) }
        switch outcome {
        case .accepted(let id):
            try await settle(intended, as: .accepted(id)) { _ in .accepted(id) }
            return .done
        case .outcomeUnknown(let problem):
            let reason = "The call for \(batch.action.rawValue) left, and its answer is not known: \(problem)"
            try await settle(intended, as: .unknown(problem.description)) { _ in .outcomeUnknown(reason: reason) }
            return .done
        case .notSent(let problem):
            return try await pause(intended, wait: .seconds(1), reason: problem.description, isUnreachable: true)
        case .signInRefused(let problem):
            _ = try await withdraw(intended, reason: problem.description)
            return .stopRun(problem.description)
        case .refused(let refusal):
            return try await handle(refusal, of: batch, intended)
        }
    }

    private func handle(
        _ refusal: CarrierRefusal, of batch: RequestBatch, _ intended: Intended
    ) async throws -> Result {
        switch refusal.classification {
        case .throttled(let retryAfter), .temporarilyUnavailable(let retryAfter):
            return try await pause(
                intended, wait: retryAfter ?? .seconds(5), reason: refusal.description, isUnreachable: false)
        case .notSignedIn:
            // Some other call may have ended what this one had renewed; if it goes on, the run ends.
            return try await pause(
                intended, wait: .seconds(1), reason: refusal.description, isUnreachable: true)
        case .accountOrConfiguration:
            _ = try await withdraw(intended, reason: refusal.description)
            return .stopAccount(batch.account, refusal.description)
        case .badDevice, .deviceNotActive, .tooLarge, .invalidRequest, .unexpected, .alreadyDone:
            if intended.operations.count > 1 {
                let versions = try await withdraw(
                    intended, reason: "The carrier refused the whole batch: \(refusal.description)")
                if let (first, second) = batch.limited(to: versions).halves { return .split(first, second) }
            }
            let failure = refusal.operationFailure
            try await settle(intended, as: .refused(refusal.description)) { _ in .refused(failure) }
            return .done
        }
    }

    private func pause(
        _ intended: Intended, wait: Duration, reason: String, isUnreachable: Bool
    ) async throws -> Result {
        let until = clock.now() + wait
        try await settle(intended, as: .notSent(reason)) { _ in .withdrawn(reason: reason, retryAt: until) }
        return .pause(intended.request.account, until: until, reason: reason, isUnreachable: isUnreachable)
    }

    /// - Returns: the versions that the records have now.
    private func withdraw(_ intended: Intended, reason: String) async throws -> [DeviceKey: Int64] {
        try await settle(intended, as: .refused(reason)) { _ in .withdrawn(reason: reason, retryAt: nil) }
    }

    // MARK: Writing down

    private struct Intended: Sendable {
        let request: RequestRecord
        let operations: [Operation]
    }

    /// Writes the intent down for those devices that are still as the plan saw them.
    private func intend(_ batch: RequestBatch, _ releases: [Release]) async throws -> Intended? {
        let now = clock.now()
        return try await store.write { transaction in
            let leavesAt = clock.now()
            let keys = batch.actions.map(\.key)
            let records = try transaction.devices(keys)
            let pauses = Set(try transaction.pauses().map(\.scope))
            let attempts = try transaction.attempts(of: keys, since: now - .seconds(3600))
            var fresh: [PlannedAction] = []
            var exhausted: [PlannedAction] = []
            for action in batch.actions {
                guard records[action.key]?.version ?? 0 == action.version,
                    records[action.key]?.operation?.isOpen != true,
                    // It may have been waiting in line when a person paused it, or its window closed.
                    !action.isHeldBack(by: pauses, releases, at: leavesAt)
                else { continue }
                if attempts[action.key, default: 0] >= ConvergencePolicy.maximumAttemptsPerHour {
                    exhausted.append(action)
                } else {
                    fresh.append(action)
                }
            }
            try transaction.save(
                (fresh + exhausted).filter { records[$0.key] == nil || $0.imei != nil }.map { action in
                    var record = records[action.key] ?? DeviceRecord(key: action.key, account: action.account)
                    record.imei = action.imei ?? record.imei
                    return record
                })
            try postpone(exhausted, of: batch, at: now, in: transaction)
            guard !fresh.isEmpty else { return nil }
            let request = try transaction.addRequest(
                .action(batch.action, batch.smsr), account: batch.account, deviceCount: fresh.count, at: now)
            let operations = try transaction.addOperations(
                fresh.map { $0.intent(under: releases) }, under: request.number, at: now)
            try transaction.append(
                operations.map { operation in
                    StateEvent(
                        at: now, device: operation.key, kind: .intended, operation: operation.id,
                        request: request.number,
                        detail: "\(operation.action.rawValue), attempt \(operation.attempt)")
                })
            return Intended(request: request, operations: operations)
        }
    }

    /// Makes devices that have had their attempts of the hour wait for the next one.
    private func postpone(
        _ actions: [PlannedAction], of batch: RequestBatch, at now: Timestamp, in transaction: any StateTransaction
    ) throws {
        guard !actions.isEmpty else { return }
        let reason =
            "\(ConvergencePolicy.maximumAttemptsPerHour) attempts were made within an hour, more are not allowed"
        var request = try transaction.addRequest(
            .action(batch.action, batch.smsr), account: batch.account, deviceCount: actions.count, at: now)
        request.outcome = .notSent(reason)
        try transaction.update(request)
        var operations = try transaction.addOperations(
            actions.map { $0.intent(under: []) }, under: request.number, at: now)
        for index in operations.indices {
            operations[index].phase = .withdrawn(reason: reason, retryAt: now + .seconds(900))
        }
        try transaction.update(operations)
        try transaction.append(
            operations.map { operation in
                StateEvent(at: now, device: operation.key, kind: .notSent, operation: operation.id, detail: reason)
            })
    }

    /// - Returns: the versions that the records have then.
    @discardableResult
    private func settle(
        _ intended: Intended, as outcome: RequestRecord.Outcome,
        event: @escaping @Sendable (Operation) -> OperationEvent
    ) async throws -> [DeviceKey: Int64] {
        let now = clock.now()
        let policy = policy
        return try await store.write { transaction in
            var request = intended.request
            request.outcome = outcome
            try transaction.update(request)
            // A callback may have been faster than the answer to the call.
            let records = try transaction.devices(intended.operations.map(\.key))
            var changed: [Operation] = []
            var events: [StateEvent] = []
            for intendedOperation in intended.operations {
                guard var operation = records[intendedOperation.key]?.operation, operation.id == intendedOperation.id,
                    operation.received(event(operation), at: now, policy: policy).changed
                else { continue }
                changed.append(operation)
                var log = FoldLog(device: operation.key, operation: operation, callback: nil, at: now)
                log.add(outcomeOf: operation)
                events += log.events
            }
            try transaction.update(changed)
            try transaction.append(events)
            return try transaction.devices(intended.operations.map(\.key)).mapValues(\.version)
        }
    }
}

extension RequestBatch {
    /// The batch without devices that are not among `versions`, computed from these versions of their records.
    func limited(to versions: [DeviceKey: Int64]) -> RequestBatch {
        RequestBatch(
            account: account, smsr: smsr, action: action,
            actions: actions.compactMap { action in
                versions[action.key].map { action.computed(from: $0) }
            })
    }
}

extension PlannedAction {
    /// The same action, computed from another version of the device's record.
    fileprivate func computed(from version: Int64) -> PlannedAction {
        PlannedAction(
            key: key, imei: imei, action: action, account: account, smsr: smsr, desired: desired, known: known,
            version: version, attempt: attempt, isDrift: isDrift, set: set)
    }

    fileprivate func intent(under releases: [Release]) -> OperationIntent {
        OperationIntent(
            key: key, action: action, account: account, smsr: smsr, attempt: attempt,
            rollout: release(among: releases)?.rollout)
    }

    /// Whether it is paused, or its maintenance windows are closed.
    fileprivate func isHeldBack(by pauses: Set<Pause.Scope>, _ releases: [Release], at now: Timestamp) -> Bool {
        if pauses.contains(.everything) { return true }
        guard let release = release(among: releases) else { return false }
        return pauses.contains(.profileSet(release.profileSet)) || !(release.windows?.isOpen(at: now) ?? true)
    }

    private func release(among releases: [Release]) -> Release? {
        releases.indices.contains(Int(set)) ? releases[Int(set)] : nil
    }
}
