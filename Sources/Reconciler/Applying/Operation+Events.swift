/// What can happen to an operation.
public enum OperationEvent: Hashable, Sendable {
    /// The carrier took the request that carries it.
    case accepted(RequestID)
    /// The carrier refused the request, which proves that it was not taken.
    case refused(OperationFailure)
    /// The carrier provably did not take the request, for no fault of the device: it was never reached, was busy,
    /// or refused the batch for another device's sake.
    case withdrawn(reason: String, retryAt: Timestamp?)
    /// The call left and nothing is known of its answer, or the process died before it could be kept.
    case outcomeUnknown(reason: String)
    /// A callback told the outcome; `profileState` is what it says of the profile, if it says it.
    case reportedSuccess(ProfileState?)
    /// A callback warned that the profile is on the device and not enabled yet.
    case reportedWarning
    case reportedFailure(OperationFailure)
    /// The carrier says that its request still waits to be carried out, so that the answer may take longer.
    case stillQueued(until: Timestamp)
    /// The carrier's records were asked for at `asOf`; `nil` if they do not tell.
    case lookedUp(ProfileState?, asOf: Timestamp)
    /// The wait for the second callback after a warning is over.
    case enablingOverdue
    /// A person settled it by hand.
    case resolved(ProfileState)
}

/// What an event means for what is known of the device.
public struct OperationEffect: Hashable, Sendable {
    /// Whether the event changed the operation. A repeat or a late arrival does not.
    public var changed: Bool
    /// The profile state that is known from now on, if the event tells it.
    public var profile: ProfileState?

    static let none = OperationEffect(changed: false, profile: nil)
}

extension Operation {
    /// Takes an event and changes the phase accordingly. Events that come too late change nothing.
    public mutating func received(
        _ event: OperationEvent, at now: Timestamp, policy: ConvergencePolicy
    ) -> OperationEffect {
        switch event {
        case .accepted(let request):
            guard phase == .intended else { return .none }
            phase = .submitted(request, deadline: now + policy.callbackDeadline)
            return changed()
        case .withdrawn(let reason, let retryAt):
            guard phase == .intended else { return .none }
            phase = .withdrawn(reason: reason, retryAt: retryAt)
            return changed()
        case .refused(let failure):
            guard phase == .intended else { return .none }
            return fail(failure, at: now, policy: policy)
        case .outcomeUnknown(let reason):
            guard phase == .intended else { return .none }
            phase = .unresolved(reason: reason)
            return changed()
        case .reportedSuccess(let state):
            return reportedSuccess(state, at: now, policy: policy)
        case .reportedWarning:
            return reportedWarning(at: now, policy: policy)
        case .reportedFailure(let failure):
            guard isOpen else { return .none }
            return fail(failure, at: now, policy: policy)
        case .stillQueued(let until):
            guard case .submitted(let id, let deadline) = phase, deadline < until else { return .none }
            phase = .submitted(id, deadline: until)
            return changed()
        case .lookedUp(let state, let asOf):
            return lookedUp(state, asOf: asOf, at: now, policy: policy)
        case .enablingOverdue:
            guard case .enablePending = phase else { return .none }
            let failure = OperationFailure(
                code: nil, carrierText: nil,
                explanation: "\(action.rawValue) ended with a warning, and the callback that was to follow did not "
                    + "come in time; what is missing is asked for on its own.",
                remedy: .retry)
            // What is missing is asked for at once, but no more often than any other attempt.
            phase = .failed(failure, retryAt: attempt < policy.maximumAttempts ? now : nil)
            return changed()
        case .resolved(let state):
            guard isOpen || hasFailed && state == action.expectedState else { return .none }
            return settle(on: state, at: now, policy: policy, cause: "was settled by hand as \(state.name)")
        }
    }

    private func changed(knowing profile: ProfileState? = nil) -> OperationEffect {
        OperationEffect(changed: true, profile: profile)
    }

    private mutating func fail(
        _ failure: OperationFailure, at now: Timestamp, policy: ConvergencePolicy, knowing profile: ProfileState? = nil
    ) -> OperationEffect {
        phase = .failed(failure, retryAt: policy.retryTime(after: failure, attempt: attempt, at: now))
        return changed(knowing: profile)
    }

    private mutating func reportedSuccess(
        _ state: ProfileState?, at now: Timestamp, policy: ConvergencePolicy
    ) -> OperationEffect {
        guard isOpen || failedForWantOfNews || hasFailed && state == action.expectedState else { return .none }
        return settle(on: state ?? action.expectedState, at: now, policy: policy, cause: "was reported as done")
    }

    private var hasFailed: Bool {
        guard case .failed = phase else { return false }
        return true
    }

    /// A failure that only means that nothing was heard gives way to news.
    private var failedForWantOfNews: Bool {
        guard case .failed(let failure, _) = phase else { return false }
        return failure.code == nil && failure.carrierText == nil
    }

    private mutating func reportedWarning(at now: Timestamp, policy: ConvergencePolicy) -> OperationEffect {
        switch phase {
        case .intended, .submitted, .unresolved:
            guard action != .downloadDisable else {
                // The profile is on the device and not enabled, which is all that was asked for.
                phase = .succeeded
                return changed(knowing: .downloadedDisabled)
            }
            phase = .enablePending(deadline: now + policy.enableAfter)
            // A warned `disable` leaves the profile as it was; after any other action it is there and not enabled.
            return changed(knowing: action == .disable ? nil : .downloadedDisabled)
        case .enablePending, .succeeded, .failed, .withdrawn:
            return .none
        }
    }

    private mutating func lookedUp(
        _ state: ProfileState?, asOf: Timestamp, at now: Timestamp, policy: ConvergencePolicy
    ) -> OperationEffect {
        // What was asked for before the operation was says nothing of it.
        guard asOf >= believed(at: now).intendedAt else { return .none }
        // A failure that was none would keep a later correction back.
        if isOpen || hasFailed, state == action.expectedState {
            phase = .succeeded
            return changed(knowing: state)
        }
        switch phase {
        case .intended, .submitted, .unresolved:
            // An accepted request may still be under way: "not there" proves nothing before its time is up.
            guard asOf >= believed(at: now).answerDue(by: policy) else { return .none }
            guard let state, state != .unknown else {
                let reason = "the carrier's records do not tell whether \(action.rawValue) was carried out"
                phase = .unresolved(reason: reason, lookedUpAt: now)
                return changed()
            }
            return settle(
                on: state, at: now, policy: policy, cause: "was looked up", wasTaken: phase.isKnownToBeTaken)
        case .enablePending, .succeeded, .failed, .withdrawn:
            return .none
        }
    }

    /// From when on the records are believed when they say that nothing was done.
    private func answerDue(by policy: ConvergencePolicy) -> Timestamp {
        deadline ?? intendedAt + policy.callbackDeadline
    }

    private mutating func settle(
        on state: ProfileState, at now: Timestamp, policy: ConvergencePolicy, cause: String, wasTaken: Bool = true
    ) -> OperationEffect {
        if state == action.expectedState {
            phase = .succeeded
            return changed(knowing: state)
        }
        let failure = OperationFailure(
            code: nil, carrierText: nil,
            explanation: "\(action.rawValue) \(cause), yet the profile is \(state.name).", remedy: .retry)
        guard !wasTaken else { return fail(failure, at: now, policy: policy, knowing: state) }
        // Nobody has answered the call, and nothing of it was carried out: an outage uses up no attempts.
        var untaken = failure
        untaken.wasNoAttempt = true
        phase = .failed(untaken, retryAt: now + policy.retryDelay)
        return changed(knowing: state)
    }
}
