/// A managed device for which a plan holds no action although its desired state is not reached, and why.
public struct PlanException: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The carrier would refuse a change: the line is not active, or the account does not have the device.
        case blocked(ServiceState)
        /// An operation is in flight.
        case inProgress(Operation)
        /// A call may or may not have been taken, or the carrier does not know the profile's state.
        case held(String, Operation?)
        /// Something puts what is known in doubt: the carrier's records are read before anything is sent. `isAsDesired`
        /// says whether what is known is the desired state.
        case unconfirmed(Hint, isAsDesired: Bool)
        /// The last attempt failed, and the next one is not due yet.
        case waiting(OperationFailure, until: Timestamp)
        /// The last attempt failed, and a person has to look at it, or the attempts are used up.
        case failed(OperationFailure, attempts: Int)
        /// It moved away from what was reached, and the policy of its profile set leaves it so.
        case drifted(DriftPolicy)
        /// As a saved plan tells it.
        case recorded(name: String, explanation: String)
    }

    public let key: DeviceKey
    public let account: AccountName
    public let desired: DesiredState
    public let known: ProfileState?
    public let reason: Reason
    /// Into the devices of the fleet.
    let device: UInt32

    init(
        key: DeviceKey, account: AccountName, desired: DesiredState, known: ProfileState?, reason: Reason, device: Int
    ) {
        self.key = key
        self.account = account
        self.desired = desired
        self.known = known
        self.reason = reason
        self.device = UInt32(clamping: device)
    }
}

extension PlanException.Reason {
    /// Whether the carrier's records may settle what puts the device in doubt.
    var isSettledByLookup: Bool {
        switch self {
        case .unconfirmed, .inProgress, .held(_, _?), .failed: true
        case .blocked, .held(_, nil), .waiting, .drifted, .recorded: false
        }
    }

    /// The word that plans, JSON and status use.
    public var name: String {
        switch self {
        case .blocked: "blocked"
        case .inProgress: "in progress"
        case .held: "held"
        case .unconfirmed: "to be looked up"
        case .waiting: "waiting"
        case .failed: "failed"
        case .drifted: "drifted"
        case .recorded(let name, _): name
        }
    }

    /// Where a reason stands in lists: those that need a person come first.
    static func urgency(_ name: String) -> Int {
        let order = ["failed", "held", "blocked", "drifted", "to be looked up", "waiting", "in progress"]
        return order.firstIndex(of: name) ?? order.count
    }

    /// The reason as a sentence, with what to do where there is something to do.
    public var explanation: String {
        switch self {
        case .blocked(.notOnAccount):
            "The account does not have this device. Correct its accountName or its identifiers, or remove it."
        case .blocked(let service):
            "The line is \(service.word); only an active one can be changed. Activate it, then refresh."
        case .inProgress(let operation):
            switch operation.phase {
            case .enablePending where operation.action == .disable:
                "disable was carried out with a warning, and the device has yet to confirm it."
            case .enablePending:
                "\(operation.action.rawValue) is done but for the enabling, which the device has yet to confirm."
            default:
                "\(operation.action.rawValue) was asked for at \(operation.intendedAt); its callback is awaited."
            }
        case .held(let reason, _):
            "\(reason.capitalizedSentence) Nothing is sent before that is settled: by a callback, a refresh, "
                + "or `profilectl resolve`."
        case .unconfirmed(let hint, _):
            "\(hint.detail.capitalizedSentence) Nothing is sent before the carrier's records were read again"
                + (hint.lookups == 0
                    ? "."
                    : ": they were read \(hint.lookups) times and have not settled it; next at "
                        + "\(hint.lookupAt).")
        case .waiting(let failure, let until):
            "\(failure.explanation) The next attempt is due at \(until)."
        case .failed(let failure, let attempts):
            "\(failure.explanation) \(attempts == 1 ? "1 attempt was" : "\(attempts) attempts were") made; "
                + "`--retry-failed` makes another one."
        case .drifted(let policy):
            "It moved away from the state that it had reached, and its profile set has `drift: \(policy.rawValue)`: "
                + "`profilectl apply` takes it back."
        case .recorded(_, let explanation): explanation
        }
    }
}

extension String {
    /// The text with a capital first letter, unless it begins with an address, and a full stop.
    var capitalizedSentence: String {
        let isAddress = prefix { !$0.isWhitespace }.contains("://")
        let text = isAddress ? self : prefix(1).uppercased() + dropFirst()
        return text.hasSuffix(".") ? text : text + "."
    }
}
