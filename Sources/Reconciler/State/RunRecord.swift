/// The store's number for a run; operations, requests and events that it has caused bear it.
public struct RunNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }

    public var description: String { String(number) }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// Who or what changes something, and what it goes by.
public struct RunCause: Hashable, Sendable {
    /// `apply`, `resolve`, `pause` ...
    public let command: String
    /// The person at the keyboard: user and host.
    public let person: String
    public let process: Int
    /// Names the saved plan that is carried out, if it is one.
    public let plan: ContentDigest?
    /// Names the desired fleet, as it was when the plan was made.
    public let fleet: ContentDigest?
    /// The commit of the manifests, where they come from a repository.
    public let commit: String?
    /// What a person needs to know beside that, in words.
    public let detail: String?

    public init(
        command: String, person: String, process: Int = RunOwner.currentProcess, plan: ContentDigest? = nil,
        fleet: ContentDigest? = nil, commit: String? = nil, detail: String? = nil
    ) {
        self.command = command
        self.person = person
        self.process = process
        self.plan = plan
        self.fleet = fleet
        self.commit = commit
        self.detail = detail
    }
}

/// One process at work on the store, from its start to its end; one that was killed has no end.
public struct RunRecord: Hashable, Sendable {
    public let number: RunNumber
    public let cause: RunCause
    public let startedAt: Timestamp
    public let endedAt: Timestamp?
    /// How it ended, in a few words.
    public let ending: String?

    public init(
        number: RunNumber, cause: RunCause, startedAt: Timestamp, endedAt: Timestamp? = nil, ending: String? = nil
    ) {
        self.number = number
        self.cause = cause
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.ending = ending
    }
}
