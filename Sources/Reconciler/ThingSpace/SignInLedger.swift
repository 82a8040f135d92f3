/// Keeps count of refused sign-ins, so that the carrier never gets to lock the contact: it does so after five in a
/// row (`thingspace.md`, section 1.2).
public protocol SignInLedger: Sendable {
    /// How often in a row the credential was refused.
    func refusals(of credential: String) async throws -> Int
    func recordRefusal(of credential: String) async throws
    func recordSuccess(of credential: String) async throws
}

/// The ledger in the state store: it survives restarts and is shared by all processes on the store.
public struct StoredSignInLedger: SignInLedger {
    private let store: any StateStore
    private let clock: any WallClock

    public init(store: any StateStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    public func refusals(of credential: String) async throws -> Int {
        try await store.read { try $0.signIn(of: credential)?.refusals ?? 0 }
    }

    public func recordRefusal(of credential: String) async throws {
        let now = clock.now()
        try await store.write { transaction in
            var record =
                try transaction.signIn(of: credential) ?? SignInRecord(credential: credential, refusals: 0, at: now)
            record.refusals += 1
            record.at = now
            try transaction.save(record)
        }
    }

    public func recordSuccess(of credential: String) async throws {
        let now = clock.now()
        try await store.write { transaction in
            if let record = try transaction.signIn(of: credential), record.refusals > 0 {
                try transaction.save(SignInRecord(credential: credential, refusals: 0, at: now))
            }
        }
    }
}

extension StoredSignInLedger {
    /// Starts all counts anew, because a person says that the credentials are right.
    public func forgetRefusals() async throws {
        let now = clock.now()
        try await store.write { transaction in
            for record in try transaction.signIns() where record.refusals > 0 {
                try transaction.save(SignInRecord(credential: record.credential, refusals: 0, at: now))
            }
        }
    }
}
