/// Sends one batch: writes the intent down, makes the call, writes the answer down.
///
/// The intent is on disk before the call leaves, and the requestId before this returns. After a crash in between
/// the operations are found as intended and never sent again before they were looked up.
struct RequestSender: Sendable {
    let store: any StateStore
    let carrier: any Carrier
    let clock: any WallClock
    let policy: ConvergencePolicy
    /// By what evidence is judged.
    let evidence: EvidenceRule
    let pacer: RequestPacer
    /// `nil` where nothing else can act on the store.
    let lock: RunLock?
    let waiter: StateWaiter
    let stop: StopSwitch
    let observer: any ProtocolObserver
    /// The run that sends.
    let run: RunNumber

    /// What came of a batch.
    enum Result: Sendable {
        /// All is written down; nothing is left to do for this batch.
        case done
        /// Nothing was sent: no device is as the plan saw it any more, or a person has paused them, or their windows have
        /// closed.
        case stale
        /// Nothing was sent: the eUICCs are busy with other profiles.
        case cardsUnderWay
        /// The carrier refused the batch for one device, or, if `isTooLarge`, for its size; the halves are to be sent.
        case split(RequestBatch, RequestBatch, isTooLarge: Bool)
        /// The carrier refused the batch without a word of what is wrong: its devices are looked up, and go in requests of
        /// at most so many.
        case smaller(AccountName, size: Int)
        /// Nothing was sent: it is not the account's turn before the time.
        case notYet(AccountName, until: Timestamp)
        /// The carrier is busy or cannot be reached; nothing is to be sent to this account before the time.
        case pause(AccountName, until: Timestamp, reason: String, isUnreachable: Bool)
        /// Nothing more can be sent for this account until a person has changed something.
        case stopAccount(AccountName, String)
        /// Nothing more can be sent at all until a person has changed something.
        case stopRun(String)
        /// Another run acts on a device of the batch.
        case heldElsewhere(RunLockHeld)
    }

    /// Sends a batch in its turn.
    ///
    /// - Parameter releases: how the devices of each profile set are let out, in the order of the fleet's sets.
    /// - Throws: `StateStoreError`, `RunLockHeld` if this run has lost its lock, `CancellationError`
    func send(_ batch: RequestBatch, under releases: [Release]) async throws -> Result {
        while !stop.isStopped {
            switch try await intend(batch, releases) {
            case .stale:
                return .stale
            case .cardsUnderWay:
                return .cardsUnderWay
            case .heldElsewhere(let held):
                return .heldElsewhere(held)
            case .notBefore(let turn):
                guard turn <= clock.now() + RequestPacer.patience else {
                    return .notYet(batch.account, until: turn)
                }
                try await waiter.wait(until: turn, unless: stop)
            case .written(let intended):
                return try await send(batch, intended)
            }
        }
        return .stale
    }

    private func send(_ batch: RequestBatch, _ intended: Intended) async throws -> Result {
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
            return try await pause(
                intended, until: clock.now() + Self.unreachableWait, reason: problem.description, isUnreachable: true)
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
        case .throttled(let retryAfter):
            let until = try await pacer.wasBusy(batch.account, sentAt: intended.sentAt, retryAfter: retryAfter)
            return try await pause(intended, until: until, reason: refusal.description, isUnreachable: false)
        case .temporarilyUnavailable(let retryAfter):
            return try await putOff(intended, refusal, retryAfter: retryAfter)
        case .notSignedIn:
            // Some other call may have ended what this one had renewed; if it goes on, the run ends.
            return try await pause(
                intended, until: clock.now() + Self.unreachableWait, reason: refusal.description, isUnreachable: true)
        case .onHold:
            return try await putOff(intended, refusal, retryAfter: nil)
        case .accountOrConfiguration, .unknown, .invalidRequest:
            return try await stopAccount(intended, refusal)
        case .unexpected where intended.operations.count > 1:
            // Nobody says that nothing of it was taken: all of them are looked up, and sent in smaller requests.
            _ = try await withdraw(intended, reason: refusal.description, doubt: .requestFailed)
            return .smaller(batch.account, size: intended.operations.count / 2)
        case .badDevice, .deviceNotActive, .tooLarge, .unexpected, .alreadyDone:
            if intended.operations.count > 1 {
                let isTooLarge = refusal.classification == .tooLarge
                let versions = try await withdraw(
                    intended, reason: "The carrier refused the whole batch: \(refusal.description)",
                    isTooLarge: isTooLarge)
                if let (first, second) = batch.limited(to: versions).halves {
                    return .split(first, second, isTooLarge: isTooLarge)
                }
            }
            return try await end(intended, refusal)
        }
    }

    /// Ends what was refused to one device alone.
    private func end(_ intended: Intended, _ refusal: CarrierRefusal) async throws -> Result {
        let reason = refusal.description
        switch refusal.classification {
        case .tooLarge:
            return try await stopAccount(intended, refusal)
        case .deviceNotActive:
            try await settle(intended, as: .refused(reason)) { _ in
                .withdrawn(reason: reason, retryAt: nil)
            } then: { transaction in
                try Self.block(intended.operations.map(\.key), in: transaction)
            }
        case .alreadyDone:
            // Whether it is so is known once the device was looked up, and not by this answer.
            let now = clock.now()
            try await settle(intended, as: .refused(reason)) { _ in
                .outcomeUnknown(reason: reason)
            } then: { transaction in
                try Self.doubt(
                    intended.operations, .requestFailed, because: reason, suggesting: \.expectedState, at: now,
                    in: transaction)
            }
        default:
            let failure = refusal.operationFailure
            try await settle(intended, as: .refused(reason)) { _ in .refused(failure) }
        }
        return .done
    }

    /// Takes it into the records that the lines allow no change, until a list or a callback says that they are active.
    private static func block(_ keys: [DeviceKey], in transaction: any StateTransaction) throws {
        let records = try transaction.devices(keys).values.filter(\.service.allowsChange)
        try transaction.save(
            records.sorted { $0.key < $1.key }.map { record in
                var blocked = record
                blocked.service = .refusedAsInactive
                return blocked
            })
    }

    /// Has devices looked up before the next call, where the carrier's answer does not prove that nothing was done.
    ///
    /// - Parameters:
    ///   - kind: what is in doubt; `nil` if nothing is.
    ///   - state: what the answer suggests of the profile after its action.
    private static func doubt(
        _ operations: [Operation], _ kind: Hint.Kind?, because reason: String,
        suggesting state: ((ProfileAction) -> ProfileState)? = nil, at now: Timestamp,
        in transaction: any StateTransaction
    ) throws {
        guard let kind else { return }
        let records = try transaction.devices(operations.map(\.key))
        try transaction.save(
            operations.compactMap { operation in
                guard var record = records[operation.key] else { return nil }
                record.doubt(
                    Hint(
                        kind, at: now, detail: reason.excerpt(limit: 300), suggests: state?(operation.action)))
                return record
            })
    }

    private func stopAccount(_ intended: Intended, _ refusal: CarrierRefusal) async throws -> Result {
        _ = try await withdraw(intended, reason: refusal.description, doubt: .requestFailed)
        return .stopAccount(intended.request.account, refusal.description)
    }

    /// Has the account wait where the carrier says "not now". A gateway may say so of a request that it has passed on, and
    /// what is on hold may be carried out later: the devices are looked up before they are called again.
    private func putOff(
        _ intended: Intended, _ refusal: CarrierRefusal, retryAfter: Duration?
    ) async throws -> Result {
        let until = try await pacer.wasBusy(intended.request.account, sentAt: intended.sentAt, retryAfter: retryAfter)
        return try await pause(
            intended, until: until, reason: refusal.description, isUnreachable: false, doubt: .putOff)
    }

    /// A carrier that cannot be reached is called so often that the run learns soon whether to end.
    private static let unreachableWait = Duration.seconds(1)

    private func pause(
        _ intended: Intended, until: Timestamp, reason: String, isUnreachable: Bool, doubt: Hint.Kind? = nil
    ) async throws -> Result {
        let now = clock.now()
        try await settle(intended, as: .notSent(reason)) { _ in
            .withdrawn(reason: reason, retryAt: until)
        } then: { transaction in
            try Self.doubt(intended.operations, doubt, because: reason, at: now, in: transaction)
        }
        return .pause(intended.request.account, until: until, reason: reason, isUnreachable: isUnreachable)
    }

    /// - Parameters:
    ///   - isTooLarge: whether the account takes fewer devices in a request, which is kept.
    ///   - doubt: what is in doubt where the carrier may have taken something: the devices are looked up before the next
    ///     call. `nil` where it provably took nothing.
    /// - Returns: the versions that the records have now.
    private func withdraw(
        _ intended: Intended, reason: String, isTooLarge: Bool = false, doubt: Hint.Kind? = nil
    ) async throws -> [DeviceKey: Int64] {
        let keys = intended.operations.map(\.key)
        let now = clock.now()
        return try await settle(intended, as: .refused(reason)) { _ in
            .withdrawn(reason: reason, retryAt: nil)
        } then: { transaction in
            if isTooLarge {
                var limits = try transaction.limits(of: intended.request.account)
                limits.refusedActions(keys.count, at: now)
                try transaction.save(limits)
            }
            try Self.doubt(intended.operations, doubt, because: reason, at: now, in: transaction)
            return try transaction.devices(keys).mapValues(\.version)
        }
    }

    // MARK: Writing down

    /// - Returns: what `finish` finds or does then, in the same transaction.
    private func settle<Result: Sendable>(
        _ intended: Intended, as outcome: RequestRecord.Outcome,
        event: @escaping @Sendable (Operation) -> OperationEvent,
        then finish: @escaping @Sendable (any StateTransaction) throws -> Result = { _ in }
    ) async throws -> Result {
        let now = clock.now()
        let policy = policy
        return try await store.write { transaction in
            var request = intended.request
            request.outcome = outcome
            try transaction.update(request)
            if outcome.showsThatCarrierServes {
                try pacer.wasServed(request.account, sentAt: intended.sentAt, in: transaction)
            }
            // A callback may have been faster than the answer to the call.
            var changed: [Operation] = []
            var events: [StateEvent] = []
            for var operation in try transaction.operations(under: request.number)
            where operation.received(event(operation), at: now, policy: policy).changed {
                changed.append(operation)
                var log = FoldLog(device: operation.key, operation: operation, callback: nil, at: now)
                log.add(outcomeOf: operation)
                events += log.events
            }
            try transaction.update(changed)
            try transaction.append(events)
            return try finish(transaction)
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
