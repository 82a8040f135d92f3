/// Says whether a credential may be tried, and counts what came of it: pure, from what is kept of the credential and of
/// the contact that it belongs to.
///
/// The carrier locks a contact after five refused logins in a row, whatever the passwords were, and only its support can
/// unlock it (`thingspace.md`, section 1.2). So a credential that was refused twice is not tried again, and neither is a
/// contact of which four sign-ins may have been refused. One sign-in at a time is made with a contact, by all processes
/// on the store together, so that two that begin at the same moment do not add up to more.
struct SignInBook: Hashable, Sendable {
    private(set) var record: SignInRecord
    private(set) var contact: SignInContact

    static let mostRefusalsOfCredential = 2
    static let mostFailuresOfContact = 4

    /// So much may the clocks of two processes differ.
    private static let clockTolerance = Duration.seconds(60)

    init(_ record: SignInRecord, _ contact: SignInContact) {
        self.record = record
        self.contact = contact
        // Records of earlier versions knew no contact.
        self.contact.refusals = max(contact.refusals, record.refusals)
    }

    /// Why the credential is not tried any more by itself; `nil` if it may be.
    var stop: SignInStop? {
        if record.refusals >= Self.mostRefusalsOfCredential {
            return SignInStop(
                credential: record.credential, since: record.since ?? record.at,
                reason: .refused(times: record.refusals, failuresOfContact: failures))
        }
        if failures >= Self.mostFailuresOfContact {
            return SignInStop(
                credential: record.credential, since: contact.since ?? record.at,
                reason: .contact(refused: contact.refusals, unanswered: contact.unanswered))
        }
        return nil
    }

    /// How many sign-ins of the contact may have been refused in a row. A credential that the carrier has accepted
    /// before is right until it is refused: then silence is no refusal.
    private var failures: Int {
        contact.refusals + (record.acceptedAt == nil ? contact.unanswered : 0)
    }

    /// Reserves a sign-in.
    ///
    /// - Parameters:
    ///   - holder: who makes it.
    ///   - until: when it is over, whatever comes of it.
    ///   - refusalsSeen: how many refusals of the credential the holder knew of before it waited for another one's
    ///     sign-in; it does not repeat what was refused meanwhile.
    ///   - isRetry: whether a person says that the credential is right.
    mutating func begin(
        by holder: String, at now: Timestamp, until: Timestamp, refusalsSeen: Int?, isRetry: Bool,
        isGone: (ProcessIdentity) -> Bool
    ) -> SignInDecision {
        if let attempt = contact.attempt {
            let isOver =
                // One that ends later than this one will was written down by a clock that was ahead.
                attempt.by == holder || attempt.until <= now || attempt.until > until + Self.clockTolerance
                || ProcessIdentity(attempt.by).map(isGone) ?? false
            guard isOver else { return .underWay(refusals: record.refusals) }
            // Whoever made it has not told what came of it.
            end(.unanswered, at: now)
        }
        if let refusalsSeen, record.refusals > refusalsSeen {
            return .stopped(
                SignInStop(
                    credential: record.credential, since: record.since ?? record.at,
                    reason: .refused(times: record.refusals, failuresOfContact: failures)))
        }
        if !isRetry, let stop { return .stopped(stop) }
        contact.attempt = SignInContact.Attempt(by: holder, until: until)
        return .go
    }

    /// Counts what came of the sign-in that was reserved.
    mutating func end(_ outcome: SignInOutcome, at now: Timestamp) {
        contact.attempt = nil
        switch outcome {
        case .accepted:
            record.refusals = 0
            record.since = nil
            record.at = now
            record.acceptedAt = now
            contact = SignInContact(contact: contact.contact)
        case .refused:
            record.refusals += 1
            record.since = record.since ?? now
            record.at = now
            record.acceptedAt = nil
            contact.refusals += 1
            contact.since = contact.since ?? now
        case .unanswered:
            contact.unanswered += 1
            contact.since = contact.since ?? now
        case .notTried:
            break
        }
    }
}

extension Collection<SignInRecord> {
    /// The records that still say something: after the carrier has accepted a corrected credential, the refusals of the
    /// one before are over. What they count for the contact stays.
    package var inForce: [SignInRecord] {
        filter { record in
            !contains { other in
                other.credential != record.credential && other.kind == record.kind
                    && (other.acceptedAt.map { $0 >= record.at } ?? false)
            }
        }
    }
}

extension SignInRecord {
    fileprivate var kind: SignInCredential.Kind? { SignInCredential.Kind(digest: credential) }
}

/// Whether a sign-in may be made now.
public enum SignInDecision: Hashable, Sendable {
    case go
    /// Another process makes one; `refusals` is how often the credential was refused before that.
    case underWay(refusals: Int)
    case stopped(SignInStop)
}

/// What came of a sign-in.
public enum SignInOutcome: Hashable, Sendable {
    case accepted
    case refused
    /// The call left, and nobody knows its answer.
    case unanswered
    /// The carrier provably did not look at the credential.
    case notTried
}

/// Why a credential is not tried any more by itself.
public struct SignInStop: Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case refused(times: Int, failuresOfContact: Int)
        case contact(refused: Int, unanswered: Int)
    }

    /// The digest that names the credential.
    public let credential: String
    public let since: Timestamp
    public let reason: Reason

    /// What happened and what to do, as a sentence.
    public var description: String {
        let variables = SignInCredential.Kind(digest: credential)?.variables ?? "The credentials"
        switch reason {
        case .refused(let times, let failures):
            return
                "\(variables) were refused \(times == 1 ? "once" : "\(times) times in a row") since \(since), and are "
                + "not tried again by themselves: the carrier locks a contact after five refusals in a row. Correct "
                + "them, and start the run, or `profilectl serve`, again: they are read only at the start. If they are "
                + "right, \(Self.retry)\(Self.warning(failures))"
        case .contact(refused: 0, let unanswered):
            return
                "The carrier has not answered the last \(unanswered) sign-ins with \(variables), since \(since), and "
                + "none is made any more before a person acts: each may have been a refusal, and the carrier locks a "
                + "contact after five in a row. Make sure that the carrier can be reached from here and answers "
                + "(thingspace.baseURL, proxies, its notices of outages), and that the credentials are right; then "
                + Self.retry
        case .contact(let refused, let unanswered):
            return "Of the sign-ins with \(variables), \(refused) were refused and \(unanswered) not answered since "
                + "\(since), with whatever secret, and none is made any more by itself: the carrier locks a contact "
                + "after five refusals in a row. Make sure that they are right, then \(Self.retry)"
                + Self.warning(refused + unanswered)
        }
    }

    private static let retry =
        "run `profilectl callbacks list --retry-sign-in` once, which tries them in that run only; a `serve` goes on by "
        + "itself when they are accepted."

    private static func warning(_ failures: Int) -> String {
        failures < SignInBook.mostFailuresOfContact ? "" : " The next refusal may lock the contact."
    }
}
