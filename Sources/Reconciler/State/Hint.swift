/// Something that was heard about a profile and proves nothing: it puts what is known in doubt until the carrier's records
/// were read again. A hint leads to a lookup, never to an action (DESIGN.md, "Evidence").
public struct Hint: Hashable, Sendable {
    /// What raised the doubt.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// A message under a request that is none of ours, or under none, reports another state.
        case otherRequest = 1
        /// A message under a request that is none of ours reports a failure or a warning.
        case otherFailure = 2
        /// A message under an earlier request of ours contradicts what is known.
        case earlierRequest = 3
        /// A request of ours reports a failure after its success: the card may have rolled back.
        case rollback = 4
        /// A message about the profile is in words that nobody has documented.
        case unclearMessage = 5
        /// Another profile of the card was enabled.
        case otherProfile = 6
        /// The carrier's lists do not say how the profile is: unknown words, a state in transition, a contradiction.
        case unclearRecords = 7
        /// The carrier says of the request that it has failed.
        case requestFailed = 8
        /// The carrier has answered the request with "not now", which does not prove that it will not be carried out.
        case putOff = 9

        /// The name that status and JSON use.
        public var name: String {
            switch self {
            case .otherRequest: "another request"
            case .otherFailure: "another request's failure"
            case .earlierRequest: "earlier request"
            case .rollback: "failure after success"
            case .unclearMessage: "unclear message"
            case .otherProfile: "another profile of the card"
            case .unclearRecords: "unclear records"
            case .requestFailed: "refused request"
            case .putOff: "request put off"
            }
        }
    }

    public var kind: Kind
    /// When it was heard; for lists, when they were asked for.
    public var at: Timestamp
    /// What was heard, as the beginning of a sentence.
    public var detail: String
    /// The state that it suggests, if it suggests one.
    public var suggests: ProfileState?
    /// How many lookups have not cleared it.
    public var lookups: Int
    /// When the carrier's records are to be read, or read again.
    public var lookupAt: Timestamp
    /// The request that a message named, if it is none of ours: somebody else may have asked for the change.
    public var foreignRequest: RequestID?

    public init(
        _ kind: Kind, at: Timestamp, detail: String, suggests: ProfileState? = nil, lookups: Int = 0,
        lookupAt: Timestamp? = nil, foreignRequest: RequestID? = nil
    ) {
        self.kind = kind
        self.at = at
        self.detail = detail
        self.suggests = suggests
        self.lookups = lookups
        self.lookupAt = lookupAt ?? at
        self.foreignRequest = foreignRequest
    }

    /// Whether it says that the profile is on the card.
    var suggestsPresence: Bool { suggests?.isOnDevice ?? false }

    /// Whether the profile may be on the card although the records do not show it yet: it is not said to be gone. Records
    /// that were unclear by themselves are no further behind than those that come after them, and a request that was put off
    /// was not seen to be taken.
    var allowsPresence: Bool { suggests?.isOnDevice ?? (kind != .unclearRecords && kind != .putOff) }

    /// When the carrier's records are to be read. A hint that is dated later than `now` was written by a clock that was
    /// ahead: it is due.
    func dueAt(_ now: Timestamp) -> Timestamp { at > now ? now : lookupAt }

    /// The hint together with an earlier one that was not cleared. That the profile may be there is not forgotten.
    func joined(with earlier: Hint?) -> Hint {
        guard let earlier else { return self }
        // What does not allow for presence does not take the place of what does.
        var joined = earlier.allowsPresence && !allowsPresence ? earlier : self
        joined.at = max(at, earlier.at)
        joined.lookupAt = lookupAt
        joined.lookups = lookups
        if earlier.suggestsPresence { joined.suggests = earlier.suggests }
        // What is still to be read needs not wait; what has been read in vain goes on from there.
        if kind == earlier.kind, detail == earlier.detail {
            joined.lookups = max(lookups, earlier.lookups)
            joined.lookupAt = max(lookupAt, earlier.lookupAt)
        }
        return joined
    }

    /// The hint after the records were read and have not cleared it: it is looked up again after a wait that doubles.
    func stillOpen(after asOf: Timestamp) -> Hint {
        var open = self
        open.lookups = min(lookups + 1, 62)
        open.lookupAt = asOf + Self.wait(afterLookups: open.lookups)
        return open
    }

    /// 1, 2, 4 ... 3600 seconds.
    static func wait(afterLookups count: Int) -> Duration {
        min(.seconds(1 << min(max(count - 1, 0), 12)), .seconds(3600))
    }
}
