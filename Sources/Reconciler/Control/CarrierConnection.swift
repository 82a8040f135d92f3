import Foundation

/// A client of the carrier for as long as a piece of work takes.
public struct CarrierConnection: Sendable {
    private let settings: Settings
    private let credentials: CarrierCredentials
    private let store: any StateStore
    private let clock: any WallClock
    private let holder: ProcessIdentity
    private let retriesSignIn: Bool
    private let persistence: SignInPersistence
    private let redactor: SecretRedactor

    /// - Parameters:
    ///   - store: where refusals of the sign-in are counted.
    ///   - holder: who signs in.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    ///   - persistence: what follows a sign-in that has come to nothing.
    ///   - redactor: knows further secrets that must not be shown of answers.
    public init(
        settings: Settings, credentials: CarrierCredentials, store: any StateStore, clock: any WallClock,
        holder: ProcessIdentity = ProcessIdentity(), retriesSignIn: Bool = false,
        persistence: SignInPersistence = .oncePerRun, redactor: SecretRedactor = SecretRedactor()
    ) {
        self.settings = settings
        self.credentials = credentials
        self.store = store
        self.clock = clock
        self.holder = holder
        self.retriesSignIn = retriesSignIn
        self.persistence = persistence
        self.redactor = redactor
    }

    /// - Throws: `SettingsError`, and what `work` throws.
    public func withCarrier<Result: Sendable>(
        _ work: @Sendable (any Carrier) async throws -> Result
    ) async throws -> Result {
        let baseURL = try settings.carrierURL()
        try ClientTLS.check(ProcessInfo.processInfo.environment)
        let client = HTTPTransport.makeClient()
        do {
            let result = try await work(
                ThingSpaceClient(
                    baseURL: baseURL, credentials: credentials,
                    ledger: StoredSignInLedger(store: store, clock: clock, holder: holder, retries: retriesSignIn),
                    client: client, clock: clock, persistence: persistence, redactor: redactor))
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

extension Settings {
    /// Where the carrier's API is.
    func carrierURL() throws(SettingsError) -> BaseURL {
        do {
            return try BaseURL(baseURL)
        } catch {
            throw SettingsError(error.description)
        }
    }
}
