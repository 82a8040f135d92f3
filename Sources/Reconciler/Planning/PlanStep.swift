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

    /// So many lookups in vain a wave waits for.
    private static let lookupsOfWave = 4

    /// Whether the device may turn out to need an action, once it was looked up.
    var mayBecomeAction: Bool {
        if case .except(.unconfirmed(_, isAsDesired: false)) = self { return true }
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
        case .nothing, .leaveAlone, .except(.drifted): .converged
        case .act: .toSend
        case .except(.inProgress), .except(.waiting): .underWay
        // A few lookups may settle it; a wave does not wait for ever for what nobody can tell.
        case .except(.unconfirmed(let hint, let isAsDesired)):
            hint.lookups < Self.lookupsOfWave ? (isAsDesired ? .underWay : .toSend) : isAsDesired ? .converged : .failed
        // A lookup may still tell.
        case .except(.held(_, let operation?)) where operation.phase.mayBeSettledByLookup: .underWay
        case .except(.failed), .except(.held), .except(.blocked), .except(.recorded): .failed
        }
    }
}
