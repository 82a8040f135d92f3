/// Whether the line of a device is in service: only an active device can be changed.
public enum ServiceState: Hashable, Sendable {
    /// Nobody has told yet.
    case unknown
    case active
    case suspended
    case deactivated
    /// The carrier was asked, and the account does not have the device.
    case notOnAccount
    /// Another state, in the carrier's own word (`PENDING_ACTIVATION`, `INVENTORY` ...).
    case other(String)

    /// What the carrier's word says. One that is documented nowhere is kept as it is, and allows no change.
    public init(carrierWord: String) {
        switch DocumentedWords.serviceStates[carrierWord] {
        case .other?: self = .other(carrierWord)
        case let documented?: self = documented
        case nil: self = carrierWord.foldedForComparison.isEmpty ? .unknown : .other(carrierWord)
        }
    }

    /// What the carrier's word says.
    /// - Returns: `nil` for one that is documented nowhere.
    init?(documentedWord word: String) {
        guard DocumentedWords.serviceStates[word] != nil else { return nil }
        self.init(carrierWord: word)
    }

    /// The carrier has refused a change because the line is not active, and has not said what its state is.
    static let refusedAsInactive = ServiceState.other("not active")

    /// Whether a profile action can be asked for: an active line, or one of which nothing is known.
    public var allowsChange: Bool { self == .active || self == .unknown }

    /// The word that is stored and shown; reading it back with `init(storedWord:)` gives the same value.
    public var word: String {
        switch self {
        case .unknown: "unknown"
        case .active: "active"
        case .suspended: "suspended"
        case .deactivated: "deactivated"
        case .notOnAccount: "notOnAccount"
        case .other(let word): word
        }
    }

    init(storedWord: String) {
        switch storedWord {
        case "notOnAccount": self = .notOnAccount
        case "suspended": self = .suspended
        default: self = Self(carrierWord: storedWord)
        }
    }
}
