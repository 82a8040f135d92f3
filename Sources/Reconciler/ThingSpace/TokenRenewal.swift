/// Which token is renewed after an answer that says that one has ended: each at most once for a call.
///
/// Where the answer does not say which of the two has ended, it is the bearer first; if that did not help, the session.
/// Source: `thingspace.md`, section 1.4.
struct TokenRenewal: Hashable, Sendable {
    private var hasRenewedBearer = false
    private var hasRenewedSession = false

    enum Step: Hashable, Sendable {
        case bearer
        case session
        /// The answer stands; `isInVain` if both tokens were renewed, and it is still about a token that has ended.
        case none(isInVain: Bool)
    }

    mutating func next(after answer: CarrierAnswer) -> Step {
        switch answer {
        case .bearerEnded where !hasRenewedBearer, .tokenEnded where !hasRenewedBearer:
            hasRenewedBearer = true
            return .bearer
        case .sessionEnded where !hasRenewedSession, .tokenEnded where !hasRenewedSession:
            hasRenewedSession = true
            return .session
        case .bearerEnded, .sessionEnded, .tokenEnded:
            return .none(isInVain: hasRenewedBearer && hasRenewedSession)
        case .success, .refused, .unproven:
            return .none(isInVain: false)
        }
    }
}
