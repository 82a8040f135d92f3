import Reconciler

/// Where a managed device stands; every device stands in exactly one of these places.
enum Standing: String, CaseIterable, Sendable {
    case converged
    case inFlight = "in flight"
    case waiting
    /// To be sent for the first time.
    case pending
    case drift
    case held
    case blocked
    case failed

    /// How many devices of a profile set stand here.
    func count(in set: ControllerStatus.ProfileSetStatus) -> Int {
        switch self {
        case .converged: set.converged
        case .inFlight: set.inFlight
        case .waiting: set.waiting
        // Drift is counted among what is to be sent.
        case .pending: max(0, set.pending - set.drift)
        case .drift: set.drift
        case .held: set.held
        case .blocked: set.blocked
        case .failed: set.failed
        }
    }

    /// As pages name it.
    var label: String {
        switch self {
        case .converged: "as desired"
        case .pending: "to send"
        case .inFlight, .waiting, .drift, .held, .blocked, .failed: rawValue
        }
    }

    /// As style sheets name it.
    var word: String { rawValue.replacing(" ", with: "-") }
}
