import Crypto
import Synchronization

/// The user name and password that a message carries in its body. They cannot be printed.
struct MessageCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    fileprivate let username: String
    fileprivate let password: String

    init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// Names the two, so that they can be compared in constant time.
    var digest: SHA256.Digest {
        var hash = SHA256()
        withUnsafeBytes(of: username.utf8.count) { hash.update(bufferPointer: $0) }
        for text in [username, password] {
            var text = text
            text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        return hash.finalize()
    }

    var description: String { "<redacted>" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// The user name and password that every callback must carry, as they were registered with the carrier.
///
/// They travel in the JSON body (`thingspace.md`, section 5.2). Compared in constant time; they cannot be printed. They
/// can be rotated while callbacks come: messages that are on their way still carry those before.
public final class CallbackCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private struct State: Sendable {
        var current: MessageCredentials
        var digest: SHA256.Digest
        /// Those before, and until when they are accepted as well.
        var former: [(digest: SHA256.Digest, until: ContinuousClock.Instant)] = []
        var redactor: SecretRedactor
        /// The accounts for which they are registered since they were changed; `nil` if they never were.
        var renewedFor: Set<AccountName>?
    }

    private let state: Mutex<State>

    /// So long after a change those before are accepted: the carrier sends a message for 15 minutes
    /// (`thingspace.md`, section 5.3).
    static let formerLifetime = Duration.seconds(1800)
    private static let mostFormer = 4

    /// Without a user name and a password any message is accepted.
    public init(username: String, password: String) {
        let current = MessageCredentials(username: username, password: password)
        state = Mutex(
            State(
                current: current, digest: current.digest,
                redactor: SecretRedactor(pairs: [SecretRedactor.Pair(name: username, secret: password)])))
    }

    /// What the carrier's list of callbacks shows of a registration; `nil` if it shows no password.
    convenience init?(registered: JSONValue) {
        guard let password = registered["password"]?.text, password.contains(where: { !"*•xX".contains($0) }) else {
            return nil
        }
        self.init(username: registered["username"]?.text ?? "", password: password)
    }

    var username: String { state.withLock { $0.current.username } }
    var password: String { state.withLock { $0.current.password } }

    public var areEmpty: Bool { username.isEmpty && password.isEmpty }
    /// Whether a user name or a password is missing.
    var areIncomplete: Bool { username.isEmpty || password.isEmpty }

    /// Knows what of them must not be shown, those before included.
    var redactor: SecretRedactor { state.withLock { $0.redactor } }

    func areSame(as other: CallbackCredentials) -> Bool {
        let digest = other.state.withLock { $0.digest }
        return state.withLock { $0.digest == digest }
    }

    /// swift-crypto compares digests in constant time.
    func accepts(_ message: MessageCredentials, at now: ContinuousClock.Instant = .now) -> Bool {
        let (current, former, isOpen) = state.withLock { state in
            (state.digest, state.former, state.current.username.isEmpty && state.current.password.isEmpty)
        }
        if isOpen { return true }
        let digest = message.digest
        return digest == current || former.contains { now < $0.until && $0.digest == digest }
    }

    // MARK: Rotation

    /// Takes others from now on; those before are accepted for a while.
    ///
    /// - Returns: whether they are others.
    func rotate(to new: CallbackCredentials, at now: ContinuousClock.Instant = .now) -> Bool {
        let (current, digest, secret) = new.state.withLock { ($0.current, $0.digest, $0.current.password) }
        return state.withLock { state in
            guard state.digest != digest else { return false }
            if !state.current.password.isEmpty { Self.accept(state.digest, in: &state, at: now) }
            state.current = current
            state.digest = digest
            state.renewedFor = []
            state.redactor = state.redactor.adding(
                pairs: [SecretRedactor.Pair(name: current.username, secret: secret)])
            return true
        }
    }

    /// Whether they were changed here, and not registered since: a carrier that hides passwords says nothing of it.
    func awaitRegistration(for account: AccountName) -> Bool {
        state.withLock { $0.renewedFor.map { !$0.contains(account) } ?? false }
    }

    func wereRegistered(for account: AccountName) {
        state.withLock { _ = $0.renewedFor?.insert(account) }
    }

    /// Accepts others as well for a while: those that the carrier still sends.
    func accept(former: CallbackCredentials, at now: ContinuousClock.Instant = .now) {
        let (digest, current) = former.state.withLock { ($0.digest, $0.current) }
        guard !current.password.isEmpty else { return }
        state.withLock { state in
            guard state.digest != digest else { return }
            Self.accept(digest, in: &state, at: now)
            state.redactor = state.redactor.adding(
                pairs: [SecretRedactor.Pair(name: current.username, secret: current.password)])
        }
    }

    private static func accept(_ digest: SHA256.Digest, in state: inout State, at now: ContinuousClock.Instant) {
        state.former.removeAll { $0.digest == digest || $0.until <= now }
        state.former = state.former.suffix(mostFormer - 1) + [(digest, now + formerLifetime)]
    }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
