/// The store's number for a roll-out; devices that it has let out bear it.
public struct RolloutNumber: Hashable, Sendable, CustomStringConvertible {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }

    public var description: String { String(number) }
}

/// One change of a profile set on its way out, from its first request until nothing of it is left to do.
///
/// It outlives the run that began it, so that a run that is killed and run again goes on within the same wave.
public struct RolloutRecord: Hashable, Sendable {
    /// Why a roll-out was given up; it lasts until a person resumes it.
    public struct Abort: Hashable, Sendable {
        public let at: Timestamp
        public let reason: String

        public init(at: Timestamp, reason: String) {
            self.at = at
            self.reason = reason
        }
    }

    public let number: RolloutNumber
    /// The name of the profile set.
    public let profileSet: String
    public let startedAt: Timestamp
    /// How many devices are out when the wave under way is full; 0 before the first one.
    public var waveLimit: Int
    /// The labels of the wave under way, if it goes by labels.
    public var waveLabels: [String: String]?
    public var abort: Abort?

    public init(
        number: RolloutNumber, profileSet: String, startedAt: Timestamp, waveLimit: Int = 0,
        waveLabels: [String: String]? = nil, abort: Abort? = nil
    ) {
        self.number = number
        self.profileSet = profileSet
        self.startedAt = startedAt
        self.waveLimit = waveLimit
        self.waveLabels = waveLabels
        self.abort = abort
    }

    /// Whether it takes the place of another one of its set.
    func follows(_ others: [RolloutRecord]) -> Bool {
        others.contains { $0.profileSet == profileSet && $0.number != number }
    }
}

/// A person's word that nothing more is to be sent for now; every process on the store heeds it.
public struct Pause: Hashable, Sendable {
    /// What is paused.
    public enum Scope: Hashable, Sendable {
        case everything
        case profileSet(String)

        /// The set that it is about, if it is one.
        var profileSet: String? {
            if case .profileSet(let name) = self { return name }
            return nil
        }

        /// As people read it.
        public var name: String {
            switch self {
            case .everything: "everything"
            case .profileSet(let name): name
            }
        }
    }

    public let scope: Scope
    /// Who said so, as a person would name them.
    public let by: String
    /// Why, in that person's words; may be empty.
    public let reason: String
    public let at: Timestamp

    public init(scope: Scope, by: String, reason: String, at: Timestamp) {
        self.scope = scope
        self.by = by
        self.reason = reason
        self.at = at
    }
}
