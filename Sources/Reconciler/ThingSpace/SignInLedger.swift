import Synchronization

/// Keeps count of sign-ins, so that the carrier never gets to lock the contact (`SignInBook` says when it would).
public protocol SignInLedger: Sendable {
    /// Reserves a sign-in with a credential before it is made.
    ///
    /// - Parameter refusalsSeen: see `SignInBook.begin`; `nil` if nobody was waited for.
    func begin(_ credential: SignInCredential, refusalsSeen: Int?) async throws -> SignInDecision
    /// Says what came of a sign-in that was reserved.
    func end(_ credential: SignInCredential, _ outcome: SignInOutcome) async throws
}

/// The ledger in the state store: it survives restarts and is shared by all processes on the store.
public final class StoredSignInLedger: SignInLedger {
    private let store: any StateStore
    private let clock: any WallClock
    private let holder: ProcessIdentity
    private let isGone: @Sendable (ProcessIdentity) -> Bool
    /// What a person says is right, and has not been tried yet.
    private let toRetry: Mutex<Set<SignInCredential.Kind>>

    /// So long after its beginning a sign-in is over, whatever came of it: longer than any call takes.
    private static let longestAttempt = Duration.seconds(90)

    /// - Parameters:
    ///   - holder: who signs in.
    ///   - retries: whether a person says that the credentials are right, so that each is tried once more whatever was
    ///     counted before.
    public init(
        store: any StateStore, clock: any WallClock, holder: ProcessIdentity = ProcessIdentity(), retries: Bool = false,
        isGone: @escaping @Sendable (ProcessIdentity) -> Bool = { $0.isGone }
    ) {
        self.store = store
        self.clock = clock
        self.holder = holder
        self.isGone = isGone
        toRetry = Mutex(retries ? Set(SignInCredential.Kind.allCases) : [])
    }

    public func begin(_ credential: SignInCredential, refusalsSeen: Int?) async throws -> SignInDecision {
        let now = clock.now()
        let isRetry = toRetry.withLock { $0.contains(credential.kind) }
        let (holder, isGone) = (holder, isGone)
        let decision = try await store.write { transaction in
            var book = try transaction.signInBook(of: credential, at: now)
            let decision = book.begin(
                by: holder.description, at: now, until: now + Self.longestAttempt, refusalsSeen: refusalsSeen,
                isRetry: isRetry, isGone: isGone)
            try transaction.save(book.record)
            try transaction.save(book.contact)
            return decision
        }
        if decision == .go { toRetry.withLock { _ = $0.remove(credential.kind) } }
        return decision
    }

    public func end(_ credential: SignInCredential, _ outcome: SignInOutcome) async throws {
        let now = clock.now()
        try await store.write { transaction in
            var book = try transaction.signInBook(of: credential, at: now)
            book.end(outcome, at: now)
            try transaction.save(book.record)
            try transaction.save(book.contact)
        }
    }
}

extension StateReader {
    fileprivate func signInBook(of credential: SignInCredential, at now: Timestamp) throws -> SignInBook {
        let known = try signIn(of: credential.digest)
        return SignInBook(
            SignInRecord(
                credential: credential.digest, contact: credential.contact, refusals: known?.refusals ?? 0,
                since: known?.since, at: known?.at ?? now, acceptedAt: known?.acceptedAt),
            try signInContact(credential.contact) ?? SignInContact(contact: credential.contact))
    }
}
