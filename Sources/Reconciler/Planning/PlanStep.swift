/// What a plan does about one device.
enum PlanStep {
    case nothing
    case act(ProfileAction, attempt: Int)
    case except(PlanException.Reason)
    /// It has moved since the saved plan was made, and nothing else was reviewed.
    case leaveAlone

    var isAction: Bool {
        if case .act = self { return true }
        return false
    }

    /// Whether the device stays as it is.
    var isNothing: Bool {
        switch self {
        case .nothing, .leaveAlone: true
        case .act, .except: false
        }
    }

    var standing: RolloutTally.Standing {
        switch self {
        case .nothing, .leaveAlone, .except(.drifted), .except(.unconfirmed(_, isAsDesired: true)): .converged
        case .act: .toSend
        case .except(.inProgress), .except(.waiting), .except(.unconfirmed(_, isAsDesired: false)): .underWay
        // A lookup may still tell.
        case .except(.held(_, let operation?)) where operation.phase.mayBeSettledByLookup: .underWay
        case .except(.failed), .except(.held), .except(.blocked), .except(.recorded): .failed
        }
    }
}
