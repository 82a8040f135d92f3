/// Writing down what a request is to do, before it leaves.
extension RequestSender {
    struct Intended: Sendable {
        let request: RequestRecord
        let operations: [Operation]
        /// When the request took its turn.
        let sentAt: Timestamp
    }

    enum Intent: Sendable {
        case written(Intended)
        /// It is not the account's turn yet.
        case notBefore(Timestamp)
        case stale
        case cardsUnderWay
        case heldElsewhere(RunLockHeld)
    }

    /// Writes the intent down for those devices that are still as the plan saw them, if it is the account's turn.
    func intend(_ batch: RequestBatch, _ releases: [Release]) async throws -> Intent {
        let now = clock.now()
        return try await store.write { transaction in
            let leavesAt = clock.now()
            let others = try lock?.others(in: transaction) ?? .none
            let keys = batch.actions.map(\.key)
            let records = try transaction.devices(keys)
            let pauses = Set(try transaction.pauses().map(\.scope))
            let attempts = try transaction.attempts(
                of: keys.filter { records[$0]?.operation != nil }, since: now - .seconds(3600))
            let cardsUnderWay = try transaction.cardsUnderWay(keys)
            var fresh: [PlannedAction] = []
            var exhausted: [PlannedAction] = []
            var isStale = false
            for action in batch.actions {
                guard records[action.key]?.version ?? 0 == action.version,
                    records[action.key]?.operation?.isOpen != true,
                    // What was heard or read since the plan was made decides, and whether it is young enough now.
                    Evidence(records[action.key]).permission(for: action.action, at: leavesAt, by: evidence)
                        == .permitted,
                    // It may have been waiting in line when a person paused it, or its window closed.
                    !action.isHeldBack(by: pauses, releases, at: leavesAt)
                else {
                    isStale = true
                    continue
                }
                // The other profile may be none of this fleet: of another run's, or no more in the YAML.
                if cardsUnderWay.contains(action.key.eid) { continue }
                if let held = action.held(by: others, after: records[action.key]?.operation, releases) {
                    return .heldElsewhere(held)
                }
                if attempts[action.key, default: 0] >= ConvergencePolicy.maximumAttemptsPerHour {
                    exhausted.append(action)
                } else {
                    fresh.append(action)
                }
            }
            if !fresh.isEmpty,
                case .notBefore(let turn) = try pacer.takeTurn(for: batch.account, at: now, in: transaction)
            {
                return .notBefore(turn)
            }
            try transaction.save(
                (fresh + exhausted).filter { records[$0.key] == nil || $0.imei != nil }.map { action in
                    var record = records[action.key] ?? DeviceRecord(key: action.key, account: action.account)
                    record.imei = action.imei ?? record.imei
                    return record
                })
            try postpone(exhausted, of: batch, releases, at: now, in: transaction)
            guard !fresh.isEmpty else { return isStale || !exhausted.isEmpty ? .stale : .cardsUnderWay }
            let request = try transaction.addRequest(
                .action(batch.action, batch.smsr), account: batch.account, deviceCount: fresh.count, at: now, by: run)
            let operations = try transaction.addOperations(
                fresh.map { $0.intent(of: run, under: releases) }, under: request.number, at: now)
            try transaction.append(
                zip(operations, fresh).map { operation, action in
                    StateEvent(
                        at: now, device: operation.key, kind: .intended, operation: operation.id,
                        request: request.number, run: run,
                        detail: "\(operation.action.rawValue), attempt \(operation.attempt): \(action.change)")
                })
            return .written(Intended(request: request, operations: operations, sentAt: now))
        }
    }

    /// Makes devices that have had their attempts of the hour wait for the next one.
    private func postpone(
        _ actions: [PlannedAction], of batch: RequestBatch, _ releases: [Release], at now: Timestamp,
        in transaction: any StateTransaction
    ) throws {
        guard !actions.isEmpty else { return }
        let reason =
            "\(ConvergencePolicy.maximumAttemptsPerHour) attempts were made within an hour, more are not allowed"
        var request = try transaction.addRequest(
            .action(batch.action, batch.smsr), account: batch.account, deviceCount: actions.count, at: now, by: run)
        request.outcome = .notSent(reason)
        try transaction.update(request)
        var operations = try transaction.addOperations(
            actions.map { $0.intent(of: run, under: releases, isReleased: false) }, under: request.number, at: now)
        for index in operations.indices {
            operations[index].phase = .withdrawn(reason: reason, retryAt: now + .seconds(900))
        }
        try transaction.update(operations)
        try transaction.append(
            operations.map { operation in
                StateEvent(
                    at: now, device: operation.key, kind: .notSent, operation: operation.id, run: run, detail: reason)
            })
    }
}

extension PlannedAction {
    /// The same action, computed from another version of the device's record.
    func computed(from version: Int64) -> PlannedAction {
        PlannedAction(
            key: key, imei: imei, action: action, account: account, smsr: smsr, desired: desired, known: known,
            version: version, attempt: attempt, isDrift: isDrift, set: set, provenAt: provenAt,
            isUnverified: isUnverified)
    }

    /// - Parameters:
    ///   - run: the run that intends it.
    ///   - isReleased: whether it counts as let out by the roll-out.
    fileprivate func intent(of run: RunNumber, under releases: [Release], isReleased: Bool = true) -> OperationIntent {
        let release = release(among: releases)
        return OperationIntent(
            key: key, action: action, account: account, smsr: smsr, attempt: attempt,
            rollout: isReleased ? release?.rollout : nil, run: run, profileSet: release?.profileSet)
    }

    /// That another run acts on the device, as part of another profile set: what one does the other would undo.
    fileprivate func held(by others: OtherRuns, after last: Operation?, _ releases: [Release]) -> RunLockHeld? {
        guard let otherSet = last?.profileSet, let set = release(among: releases)?.profileSet, otherSet != set,
            let lease = others.lease(on: otherSet)
        else { return nil }
        return RunLockHeld(key, in: set, heldBy: lease, of: otherSet)
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
