/// Works on where the carrier sends the callbacks of accounts, in the same line of calls as all runs on the store.
public struct CallbackSession: Sendable {
    private let scope: RefreshScope
    private let connection: CarrierConnection
    private let pacer: RequestPacer
    private let timeout: Duration
    private let clock: any WallClock
    private let onWait: @Sendable (String) -> Void

    /// Throw it to end the waiting.
    public let stop = StopSwitch(wakeup: Wakeup())

    /// - Parameters:
    ///   - scope: the accounts, and the manifests, if there are any, that set their pace.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    ///   - redactor: knows further secrets that must not be shown of answers.
    ///   - timeout: how long all of it may take.
    ///   - onWait: receives why nothing happens for a while.
    public init(
        _ scope: RefreshScope, settings: Settings, credentials: CarrierCredentials, store: any StateStore,
        retriesSignIn: Bool = false, redactor: SecretRedactor = SecretRedactor(), timeout: Duration = .seconds(300),
        clock: any WallClock = SystemClock(), onWait: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.scope = scope
        self.timeout = timeout
        self.clock = clock
        self.onWait = onWait
        connection = CarrierConnection(
            settings: settings, credentials: credentials, store: store, clock: clock, retriesSignIn: retriesSignIn,
            redactor: redactor)
        pacer = RequestPacer(
            store: store, clock: clock, rates: scope.requestRates(elsewhere: RolloutPolicy().requestsPerSecond))
    }

    /// Does `work` for one account after the other, until it fails for one.
    ///
    /// - Throws: `SettingsError`, `AccountRefused`, `RunTimedOut`, `RunStopped`, and what `work` throws.
    public func forEachAccount<Result: Sendable>(
        _ work: @escaping @Sendable (CallbackAdministration, AccountName) async throws -> Result
    ) async throws -> [Result] {
        let deadline = clock.now() + timeout
        return try await connection.withCarrier { carrier in
            let registry = CallbackRegistry(
                carrier: carrier, pacer: pacer, stop: stop, deadline: deadline,
                onWait: { onWait(CarrierWait.sentence($0, until: $1)) })
            let administration = CallbackAdministration(registry)
            let limit = RunLimit(deadline: deadline, stop: stop, clock: clock)
            var results: [Result] = []
            for account in scope.accounts {
                do {
                    results.append(
                        try await limit.bounding("the carrier was asked about the callbacks of account \(account)") {
                            try await work(administration, account)
                        })
                } catch CarrierError.refused(let refusal) {
                    throw AccountRefused(account: account, refusal: refusal)
                }
            }
            return results
        }
    }
}

/// That an account has to be waited for, as a sentence.
enum CarrierWait {
    static func sentence(_ account: AccountName, until time: Timestamp) -> String {
        "The carrier asks not to be called for account \(account) before \(time); it is waited for."
    }
}

/// The carrier did not do what was asked for an account; those after it were not asked for.
public struct AccountRefused: Error, Sendable, CustomStringConvertible {
    let account: AccountName
    let refusal: CarrierRefusal

    public var description: String { "Account \(account): \(refusal)" }
}
