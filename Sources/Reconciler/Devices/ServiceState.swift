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

    /// Folds the carrier's word; case, spaces and underscores do not count (`thingspace.md`, sections 3 and 8.7).
    public init(carrierWord: String) {
        switch carrierWord.foldedForComparison {
        case "active", "activated": self = .active
        case "suspend", "suspended": self = .suspended
        case "deactive", "deactivated": self = .deactivated
        case "unknown", "": self = .unknown
        default: self = .other(carrierWord)
        }
    }

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
        self = storedWord == "notOnAccount" ? .notOnAccount : Self(carrierWord: storedWord)
    }
}
