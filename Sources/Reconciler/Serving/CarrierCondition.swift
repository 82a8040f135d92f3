/// Whether the carrier can be reached and lets us in, as the calls to it have shown.
public enum CarrierCondition: Hashable, Sendable {
    case untried
    case answers(since: Timestamp)
    /// So many calls in a row have found nobody.
    case unreachable(since: Timestamp, calls: Int, reason: String)
    /// So many calls in a row were answered, and not by the carrier, or not as it is documented.
    case unusable(since: Timestamp, calls: Int, reason: String)
    /// It refuses the credentials, or has left so many sign-ins without an answer that none is made any more.
    case noSignIn(since: Timestamp, reason: String)

    /// What one call shows.
    enum Sign {
        case answered
        case unreachable(String)
        case unusable(String)
        case noSignIn(String)
    }

    /// People are told after so many calls: one that is lost is no news.
    static let callsThatCount = 3

    func after(_ sign: Sign, at now: Timestamp) -> Self {
        switch (sign, self) {
        case (.answered, .answers): self
        case (.answered, _): .answers(since: now)
        case (.unreachable(let reason), .unreachable(let since, let calls, _)):
            .unreachable(since: since, calls: calls + 1, reason: reason)
        case (.unreachable(let reason), _): .unreachable(since: now, calls: 1, reason: reason)
        case (.unusable(let reason), .unusable(let since, let calls, _)):
            .unusable(since: since, calls: calls + 1, reason: reason)
        case (.unusable(let reason), _): .unusable(since: now, calls: 1, reason: reason)
        case (.noSignIn(let reason), .noSignIn(let since, _)): .noSignIn(since: since, reason: reason)
        case (.noSignIn(let reason), _): .noSignIn(since: now, reason: reason)
        }
    }

    /// What is wrong and what to do, as sentences; `nil` if nothing is known to be.
    public var problem: String? {
        switch self {
        case .untried, .answers: nil
        case .unreachable(let since, _, let reason):
            "The carrier cannot be reached since \(since): \(reason) It is tried again by itself, and callbacks are "
                + "taken meanwhile."
        case .unusable(let since, _, let reason):
            "What answers in the carrier's place cannot be used since \(since): \(reason) It is tried again by itself, and "
                + "callbacks are taken meanwhile."
        case .noSignIn(_, let reason): reason
        }
    }
}
