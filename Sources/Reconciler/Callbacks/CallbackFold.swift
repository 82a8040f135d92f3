/// How the request that a message names relates to the device it is about.
enum RequestRelation: Hashable, Sendable {
    /// It carries the device's latest operation.
    case latestOperation
    /// It carried an earlier operation of the device.
    case earlierOperation(ProfileAction, hasSucceeded: Bool)
    /// It is none of ours, or the message names none. The carrier's own samples show one sequence under two
    /// requestIds (`thingspace.md`, section 8.3).
    case foreign(RequestID?)
}

/// What one message means for one device: pure, from what is known of the device and what the message says.
///
/// A message under the request of the latest operation is evidence. A success that reports the state of a pending operation
/// completes it, whichever request it names, and proves nothing beyond that. Everything else that contradicts what is known
/// is a hint: it leads to a lookup, never to a call (DESIGN.md, "Evidence" and "Converging").
struct CallbackFold {
    let verdict: CallbackVerdict
    /// The record as it is from now on; `nil` if the message changes nothing.
    let record: DeviceRecord?
    let events: [StateEvent]

    init(
        _ reading: CallbackReading, service: ServiceState?, callback: CallbackNumber, about record: DeviceRecord,
        relation: RequestRelation, at now: Timestamp, policy: ConvergencePolicy
    ) {
        var fold = Folding(record, reading, callback: callback, at: now, policy: policy)
        switch relation {
        case .latestOperation: fold.takeOwn(service: service)
        case .earlierOperation(let action, let hasSucceeded): fold.takeEarlier(action, hasSucceeded: hasSucceeded)
        case .foreign(let request): fold.takeForeign(request)
        }
        verdict = fold.verdict
        self.record = fold.record == record ? nil : fold.record
        events = fold.log.events
    }

    /// What a message means that is about another profile of the device's card.
    init(
        otherProfile reading: CallbackReading, callback: CallbackNumber, on record: DeviceRecord, at now: Timestamp,
        policy: ConvergencePolicy
    ) {
        var fold = Folding(record, reading, callback: callback, at: now, policy: policy)
        fold.takeOtherProfile()
        verdict = .otherProfile
        self.record = fold.record == record ? nil : fold.record
        events = fold.log.events
    }
}

/// A record while a message takes effect.
private struct Folding {
    var record: DeviceRecord
    let reading: CallbackReading
    let now: Timestamp
    let policy: ConvergencePolicy
    var log: FoldLog
    var verdict = CallbackVerdict.late

    init(
        _ record: DeviceRecord, _ reading: CallbackReading, callback: CallbackNumber, at now: Timestamp,
        policy: ConvergencePolicy
    ) {
        self.record = record
        self.reading = reading
        self.now = now
        self.policy = policy
        log = FoldLog(device: record.key, operation: record.operation, callback: callback, at: now)
    }

    /// The state that a success reports.
    private var reportedState: ProfileState? {
        guard case .succeeded(let status?) = reading else { return nil }
        let state = ProfileState(profileStatus: status)
        return state == .unknown ? nil : state
    }

    private var isOpen: Bool { record.operation?.isOpen ?? false }

    // MARK: Under the request of the latest operation

    mutating func takeOwn(service: ServiceState?) {
        if let service, service != .unknown { record.service = service }
        guard var operation = record.operation else { return }
        guard let event else {
            doubt(.unclearMessage, "a message of the carrier's is unclear: \(reading.summary)")
            return
        }
        let effect = operation.received(event, at: now, policy: policy)
        guard effect.changed else { return takeAfterEnd(of: operation) }
        log.add(.callback, reading.summary)
        complete(operation, effect, source: .callback)
        // The line allows no change until a list says that it is active.
        if case .failed(let failure) = reading {
            if failure.isOfInactiveLine { record.service = .refusedAsInactive }
            if case .failed(_, retryAt: nil) = operation.phase { doubtAfterLastFailure(failure, of: operation) }
        }
    }

    /// Nothing is sent any more that the device would be looked up before, so that it is looked up on its own.
    private mutating func doubtAfterLastFailure(_ failure: OperationFailure, of operation: Operation) {
        let suggested: ProfileState? =
            switch failure.remedy {
            // What is refused for good may be refused because it is so already.
            case .person:
                failure.mayBeDoneAlready ? operation.action.expectedState : record.observation?.state
            // The card may have carried it out all the same, or may do so later.
            case .retry: nil
            }
        raise(.requestFailed, "its request has failed (\(reading.summary))", suggested)
    }

    /// The operation has come to its end before.
    private mutating func takeAfterEnd(of operation: Operation) {
        switch (operation.phase, reading) {
        case (.succeeded, .failed):
            doubt(.rollback, "its request reports a failure after its success (\(reading.summary))")
        case (.succeeded, .succeeded), (.failed, .succeeded), (.withdrawn, .succeeded):
            let reported = reading.profileStatus == nil ? operation.action.expectedState : reportedState
            guard let state = reported, state != record.observation?.state else { return }
            doubt(.earlierRequest, "a message under its request contradicts what is known (\(reading.summary))", state)
        case (.failed, .enablePending), (.withdrawn, .enablePending):
            guard record.observation?.state.isOnDevice != true else { return }
            doubt(
                .earlierRequest, "its request reports the profile on the device after a failure (\(reading.summary))",
                .downloadedDisabled)
        default:
            break
        }
    }

    private mutating func complete(_ operation: Operation, _ effect: OperationEffect, source: ObservationSource) {
        record.operation = operation
        if let state = effect.profile {
            if source.isEvidence {
                record.prove(
                    state, word: reading.profileStatus, asOf: now, source: source, lag: policy.recordsLag)
            } else {
                record.learn(state, status: reading.profileStatus, at: now, source: source)
            }
        }
        if operation.phase == .succeeded { record.reached = operation.action.expectedState }
        log.add(outcomeOf: operation)
        verdict = .settled
    }

    // MARK: Under other requests

    /// - Parameter hasSucceeded: whether the earlier operation has, so that its success is told once more.
    mutating func takeEarlier(_ action: ProfileAction, hasSucceeded: Bool) {
        switch reading {
        case .succeeded(let status):
            let state = status == nil ? action.expectedState : reportedState
            if !hasSucceeded, completesPending(state) { return }
            guard let state, isOpen || state != record.observation?.state else { return }
            doubt(.earlierRequest, "an earlier request reports another state (\(reading.summary))", state)
        case .enablePending:
            guard record.observation?.state.isOnDevice != true else { return }
            doubt(
                .earlierRequest, "an earlier request reports the profile on the device (\(reading.summary))",
                .downloadedDisabled)
        case .unclear:
            doubt(.unclearMessage, "a message under an earlier request is unclear: \(reading.summary)")
        case .failed:
            break
        }
    }

    mutating func takeForeign(_ request: RequestID?) {
        let name = request.map { "request \($0.description.excerpt(limit: 64))" } ?? "a message without a request"
        let who = "\(name), which is none of ours,"
        switch reading {
        case .succeeded:
            if completesPending(reportedState) { return }
            if let state = reportedState, !isOpen, state == record.observation?.state {
                log.add(.observed, reading.summary)
                verdict = .observation
                return
            }
            doubt(.otherRequest, "\(who) reports another state (\(reading.summary))", reportedState, request)
        case .enablePending:
            doubt(.otherFailure, "\(who) reports a warning (\(reading.summary))", .downloadedDisabled, request)
        case .failed:
            doubt(.otherFailure, "\(who) reports a failure (\(reading.summary))", nil, request)
        case .unclear:
            doubt(.unclearMessage, "\(who) reports something unclear: \(reading.summary)", nil, request)
        }
    }

    /// A success that reports the state of the pending operation completes it, whichever request it names.
    private mutating func completesPending(_ state: ProfileState?) -> Bool {
        guard var operation = record.operation, operation.isOpen, let state, state == operation.action.expectedState
        else { return false }
        let effect = operation.received(.reportedSuccess(state), at: now, policy: policy)
        guard effect.changed else { return false }
        log.add(.callback, reading.summary)
        complete(operation, effect, source: .foreignCallback)
        return true
    }

    mutating func takeOtherProfile() {
        log.add(.observed, "another profile of this eUICC: \(reading.summary)")
        // At most one profile of a card is enabled.
        guard reportedState == .downloadedEnabled, record.observation?.state == .downloadedEnabled || isOpen else {
            return
        }
        raise(.otherProfile, "another profile of its eUICC was enabled (\(reading.summary))", nil)
    }

    // MARK: Doubts

    /// - Parameter request: the one that the message names, if it is none of ours.
    private mutating func doubt(
        _ kind: Hint.Kind, _ detail: String, _ suggests: ProfileState? = nil, _ request: RequestID? = nil
    ) {
        log.add(.observed, detail)
        raise(kind, detail, suggests, request)
        verdict = .observation
    }

    private mutating func raise(
        _ kind: Hint.Kind, _ detail: String, _ suggests: ProfileState?, _ request: RequestID? = nil
    ) {
        record.doubt(
            Hint(kind, at: now, detail: detail.excerpt(limit: 300), suggests: suggests, foreignRequest: request))
    }

    /// What the message means for an operation; `nil` if it does not say.
    private var event: OperationEvent? {
        switch reading {
        case .succeeded: .reportedSuccess(reportedState)
        case .enablePending: .reportedWarning
        case .failed(let failure): .reportedFailure(failure)
        case .unclear: nil
        }
    }
}

/// Collects the events of one fold.
struct FoldLog {
    let device: DeviceKey
    let operation: Operation?
    let callback: CallbackNumber?
    let at: Timestamp
    /// The run that does it; without one what happens is put down to the run of the operation.
    let run: RunNumber?
    private(set) var events: [StateEvent] = []

    init(
        device: DeviceKey, operation: Operation?, callback: CallbackNumber?, at: Timestamp, run: RunNumber? = nil
    ) {
        self.device = device
        self.operation = operation
        self.callback = callback
        self.at = at
        self.run = run
    }

    mutating func add(_ kind: StateEvent.Kind, _ detail: String = "") {
        add(kind, detail, of: operation?.request)
    }

    /// - Parameter request: what it answers, if that is not the operation's own request.
    mutating func add(_ kind: StateEvent.Kind, _ detail: String, of request: RequestNumber?) {
        events.append(
            StateEvent(
                at: at, device: device, kind: kind, operation: operation?.id, request: request, callback: callback,
                run: run ?? operation?.run, detail: detail))
    }

    mutating func add(outcomeOf operation: Operation) {
        switch operation.phase {
        case .intended: break
        case .submitted(let id, _): add(.accepted, "request \(id)")
        case .enablePending(let deadline): add(.enablePending, "until \(deadline)")
        case .unresolved(let reason, _): add(.outcomeUnknown, reason)
        case .succeeded: add(.succeeded, operation.action.rawValue)
        case .failed(let failure, let retryAt):
            add(.failed, failure.explanation + (retryAt.map { " Next attempt at \($0)." } ?? ""))
        case .withdrawn(let reason, _): add(.notSent, reason)
        }
    }
}
