/// Works on where the carrier sends the callbacks of accounts, in the same line of calls as all runs on the store.
public struct CallbackSession: Sendable {
    private let scope: RefreshScope
    private let connection: CarrierConnection
    private let pacer: RequestPacer

    /// - Parameters:
    ///   - scope: the accounts, and the manifests, if there are any, that set their pace.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    public init(
        _ scope: RefreshScope, settings: Settings, credentials: CarrierCredentials, store: any StateStore,
        retriesSignIn: Bool = false, clock: any WallClock = SystemClock()
    ) {
        self.scope = scope
        connection = CarrierConnection(
            settings: settings, credentials: credentials, store: store, clock: clock, retriesSignIn: retriesSignIn)
        pacer = RequestPacer(
            store: store, clock: clock, rates: scope.requestRates(elsewhere: RolloutPolicy().requestsPerSecond))
    }

    /// Does `work` for one account after the other, until it fails for one.
    ///
    /// - Throws: `SettingsError`, `AccountRefused`, and what `work` throws.
    public func forEachAccount<Result: Sendable>(
        _ work: @Sendable (CallbackAdministration, AccountName) async throws -> Result
    ) async throws -> [Result] {
        try await connection.withCarrier { carrier in
            let administration = CallbackAdministration(CallbackRegistry(carrier: carrier, pacer: pacer))
            var results: [Result] = []
            for account in scope.accounts {
                do {
                    results.append(try await work(administration, account))
                } catch CarrierError.refused(let refusal) {
                    throw AccountRefused(account: account, refusal: refusal)
                }
            }
            return results
        }
    }
}

/// The carrier did not do what was asked for an account; those after it were not asked for.
public struct AccountRefused: Error, Sendable, CustomStringConvertible {
    let account: AccountName
    let refusal: CarrierRefusal

    public var description: String { "Account \(account): \(refusal)" }
}
