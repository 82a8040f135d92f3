/// How the request that a message names relates to the device it is about.
enum RequestRelation: Hashable, Sendable {
    /// It carries the device's latest operation.
    case latestOperation
    /// It carried an earlier operation of the device.
    case earlierOperation
    /// It is none of ours, or the message names none. The carrier's own samples show one sequence under two
    /// requestIds (`thingspace.md`, section 8.3).
    case foreign
}

/// What one message means for one device: pure, from what is known of the device and what the message says.
struct CallbackFold {
    let verdict: CallbackVerdict
    /// The record as it is from now on; `nil` if the message changes nothing.
    let record: DeviceRecord?
    let events: [StateEvent]

    /// - Parameters:
    ///   - foreignRequest: the request that the message names, if it is none of ours.
    ///   - mayBeEarlier: whether the device had earlier operations that the carrier may still speak of.
    init(
        _ reading: CallbackReading, service: ServiceState?, callback: CallbackNumber, about record: DeviceRecord,
        relation: RequestRelation, foreignRequest: RequestID? = nil, mayBeEarlier: Bool, at now: Timestamp,
        policy: ConvergencePolicy
    ) {
        var changed = record
        var log = FoldLog(device: record.key, operation: record.operation, callback: callback, at: now)
        if let service, service != .unknown { changed.service = service }

        let isAboutOperation =
            switch relation {
            case .latestOperation: true
            case .earlierOperation: false
            case .foreign: Self.fits(reading, record.operation, mayBeEarlier: mayBeEarlier)
            }
        if isAboutOperation, var operation = record.operation {
            let effect = operation.received(Self.event(for: reading), at: now, policy: policy)
            if effect.changed || reading.isUnclear {
                log.add(.callback, reading.summary)
            }
            guard effect.changed else {
                verdict = reading.isUnclear ? .settled : .late
                self.record = nil
                events = log.events
                return
            }
            changed.operation = operation
            changed.learn(effect.profile, status: reading.profileStatus, at: now, source: .callback)
            if operation.phase == .succeeded { changed.reached = operation.action.expectedState }
            log.add(outcomeOf: operation)
            verdict = .settled
            self.record = changed
            events = log.events
            return
        }
        guard relation != .earlierOperation else {
            verdict = .late
            self.record = nil
            events = []
            return
        }
        log.add(.observed, reading.summary)
        if case .succeeded(let status?) = reading {
            let state = ProfileState(profileStatus: status)
            changed.learn(state, status: status, at: now, source: .callback, foreignRequest: foreignRequest)
            // What may be an earlier operation's, late, says nothing of this one.
            if !mayBeEarlier { changed.refuteFailure(by: state, asOf: now, at: now, policy: policy, log: &log) }
        }
        verdict = .observation
        self.record = changed == record ? nil : changed
        events = log.events
    }

    /// A message under a foreign requestId is about the open operation unless it reports another state. Where
    /// it may be an earlier operation's, late, only what names that state is taken for this one's: an old failure would
    /// have what is in flight asked for again.
    private static func fits(_ reading: CallbackReading, _ operation: Operation?, mayBeEarlier: Bool) -> Bool {
        guard let operation, operation.isOpen else { return false }
        switch reading {
        case .succeeded(let status?):
            return ProfileState(profileStatus: status) == operation.action.expectedState
        case .enablePending:
            return true
        case .succeeded(nil), .failed, .unclear:
            return !mayBeEarlier
        }
    }

    private static func event(for reading: CallbackReading) -> OperationEvent {
        switch reading {
        case .succeeded(let status):
            let state = status.map { ProfileState(profileStatus: $0) }
            return .reportedSuccess(state == .unknown ? nil : state)
        case .enablePending: return .reportedWarning
        case .failed(let failure): return .reportedFailure(failure)
        case .unclear: return .reportedUnclear
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
