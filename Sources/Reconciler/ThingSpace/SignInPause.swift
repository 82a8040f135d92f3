/// What follows a sign-in that has come to nothing, neither accepted nor refused.
public enum SignInPersistence: Sendable {
    /// Nothing is tried again in this run, unless the carrier has accepted the credential in it before.
    case oncePerRun
    /// The next one comes after a wait that grows.
    case withBackoff
}

/// When a sign-in may be made after those that have come to nothing: pure. Automatic repeats must not spend what only a
/// person can renew (`SignInBook`).
struct SignInPause: Sendable {
    private struct Wait: Sendable {
        let reason: String
        /// `nil` for the rest of the run.
        let until: Timestamp?
    }

    private let persistence: SignInPersistence
    private var failures = 0
    private var hasBeenAccepted = false
    private var wait: Wait?

    static let firstWait = Duration.seconds(60)
    static let longestWait = Duration.seconds(3600)

    init(_ persistence: SignInPersistence) {
        self.persistence = persistence
    }

    /// Why no sign-in is made now; `nil` if it may be.
    mutating func problem(at now: Timestamp) -> TransportProblem? {
        guard let wait else { return nil }
        // The clock was set back since.
        if let until = wait.until, until <= now || until > now + Self.longestWait {
            self.wait = nil
            return nil
        }
        return Self.problem(wait)
    }

    /// - Parameter reason: what came of the sign-in, as a sentence.
    /// - Returns: the same, with when the next one is made.
    mutating func failed(_ reason: String, at now: Timestamp) -> TransportProblem {
        failures += 1
        let wait =
            switch persistence {
            case .oncePerRun where !hasBeenAccepted: Wait(reason: reason, until: nil)
            case .oncePerRun, .withBackoff:
                Wait(
                    reason: reason,
                    until: now + min(Self.firstWait * (1 << min(failures - 1, 10)), Self.longestWait))
            }
        self.wait = wait
        return Self.problem(wait)
    }

    mutating func accepted() {
        failures = 0
        hasBeenAccepted = true
        wait = nil
    }

    private static func problem(_ wait: Wait) -> TransportProblem {
        TransportProblem(
            description: wait.reason + " That is no refusal of the credentials. "
                + (wait.until.map { "The next sign-in is made at \($0) at the earliest." }
                    ?? "No other sign-in is made in this run: each that is not answered may count as a refusal."),
            kind: .signInWaits)
    }
}
