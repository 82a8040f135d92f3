import AsyncHTTPClient

/// A client of the carrier for as long as a piece of work takes.
public struct CarrierConnection: Sendable {
    private let settings: Settings
    private let credentials: CarrierCredentials
    private let store: any StateStore
    private let clock: any WallClock

    /// - Parameter store: where refusals of the sign-in are counted.
    public init(settings: Settings, credentials: CarrierCredentials, store: any StateStore, clock: any WallClock) {
        self.settings = settings
        self.credentials = credentials
        self.store = store
        self.clock = clock
    }

    /// - Throws: `SettingsError`, and what `work` throws.
    public func withCarrier<Result: Sendable>(
        _ work: @Sendable (any Carrier) async throws -> Result
    ) async throws -> Result {
        let baseURL: BaseURL
        do {
            baseURL = try BaseURL(settings.baseURL)
        } catch {
            throw SettingsError(error.description)
        }
        let client = HTTPTransport.makeClient()
        do {
            let result = try await work(
                ThingSpaceClient(
                    baseURL: baseURL, credentials: credentials,
                    ledger: StoredSignInLedger(store: store, clock: clock, holder: ProcessIdentity()), client: client,
                    clock: clock))
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}
