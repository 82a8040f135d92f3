extension PlanException {
    /// Whether the run waits for it: it is in flight, or its next attempt is due later.
    var isAwaited: Bool {
        switch reason {
        case .inProgress, .waiting: true
        case .blocked, .held, .unconfirmed, .failed, .drifted, .recorded: false
        }
    }

    /// The operation that is in flight or of unknown outcome.
    var operation: Operation? {
        switch reason {
        case .inProgress(let operation): operation
        case .held(_, let operation): operation
        case .blocked, .unconfirmed, .waiting, .failed, .drifted, .recorded: nil
        }
    }

    var isEnablePending: Bool {
        if case .inProgress(let operation) = reason, case .enablePending = operation.phase { return true }
        return false
    }

    /// When something has to be done about it.
    func dueAt(by policy: ConvergencePolicy) -> Timestamp? {
        if case .waiting(_, let until) = reason { return until }
        if case .inProgress(let operation) = reason { return operation.deadline }
        return lookupDueAt(by: policy)
    }

    /// When the carrier's records are to be looked at, if they can settle it.
    func lookupDueAt(by policy: ConvergencePolicy) -> Timestamp? {
        switch reason {
        case .inProgress(let operation):
            if case .submitted(_, let deadline) = operation.phase { return deadline }
            return nil
        case .held(_, let operation?):
            return operation.intendedAt + policy.callbackDeadline
        case .unconfirmed(let hint, _):
            return hint.lookupAt
        case .held(_, nil), .blocked, .waiting, .failed, .drifted, .recorded:
            return nil
        }
    }
}
