import Logging

/// What a run with the carrier stands on: the lock, the HTTP client, and where callbacks are needed the listener (this
/// process's, or that of another run on the store) and its registration.
struct CarrierAccess: Sendable {
    let settings: Settings
    let carrierCredentials: CarrierCredentials
    let callbackCredentials: CallbackCredentials
    let store: any StateStore
    let owner: RunOwner
    /// What keeps other runs away, or only tells them of this one.
    let lock: RunLock
    /// Whether a person says that credentials are right that were refused before.
    let retriesSignIn: Bool
    let clock: any WallClock
    let logger: Logger
    var observer: any ProtocolObserver = IndifferentObserver()
    /// Told of changes of the state, by the listener among others.
    let wakeup: Wakeup
    /// Has the listener's certificate read again.
    var reload = Wakeup()
    /// Whether deliveries reach the listener.
    var callbackHealth = CallbackHealth()

    /// Does `work` with the carrier while the lock is held.
    ///
    /// - Parameters:
    ///   - callbacksOf: the accounts whose callbacks are listened for; none if `work` needs no callbacks.
    ///   - pacer: gives the turns of the calls.
    ///   - limit: of what comes before `work`.
    /// - Throws: `RunLockHeld`, `SettingsError`, `CarrierError`, `StateStoreError`, `ListenerFailed`,
    ///   `RegistrationProblem`, `RunTimedOut`, `RunStopped`, and what `work` throws.
    func use<Result: Sendable>(
        callbacksOf accounts: Set<AccountName>, pacer: RequestPacer, within limit: RunLimit,
        _ work: @escaping @Sendable (any Carrier) async throws -> Result
    ) async throws -> Result {
        try await connecting(.oncePerRun) {
            try await use($0, callbacksOf: accounts, pacer: pacer, within: limit, work)
        }
    }

    /// Does `work` with the carrier while callbacks are listened for, whoever the carrier calls at the moment.
    ///
    /// - Parameter work: given the URL that the carrier is to call.
    /// - Throws: `RunLockHeld`, `SettingsError`, `StateStoreError`, `ListenerFailed`, and what `work` throws.
    func serve<Result: Sendable>(
        _ work: @escaping @Sendable (any Carrier, String) async throws -> Result
    ) async throws -> Result {
        let endpoint = try endpoint()
        return try await connecting(.withBackoff) { carrier in
            try await listening(at: endpoint) { try await work(carrier, $0) }
        }
    }

    private func connecting<Result: Sendable>(
        _ persistence: SignInPersistence, _ work: @escaping @Sendable (any Carrier) async throws -> Result
    ) async throws -> Result {
        let connection = CarrierConnection(
            settings: settings, credentials: carrierCredentials, store: store, clock: clock, holder: owner.identity,
            retriesSignIn: retriesSignIn, persistence: persistence, redactor: callbackCredentials.redactor)
        return try await lock.hold { try await connection.withCarrier(work) }
    }

    private func endpoint() throws(SettingsError) -> CallbackEndpoint {
        try CallbackEndpoint(
            settings, credentials: callbackCredentials, carrierIsLoopback: settings.carrierURL().isLoopback,
            redactor: carrierCredentials.redactor)
    }

    private func use<Result: Sendable>(
        _ carrier: any Carrier, callbacksOf accounts: Set<AccountName>, pacer: RequestPacer, within limit: RunLimit,
        _ work: @escaping @Sendable (any Carrier) async throws -> Result
    ) async throws -> Result {
        guard !accounts.isEmpty else { return try await work(carrier) }
        return try await listening(at: try endpoint()) { url in
            let registry = CallbackRegistry(
                carrier: carrier, pacer: pacer, stop: limit.stop, deadline: limit.deadline,
                onWait: { logger.warning("\(CarrierWait.sentence($0, until: $1))") })
            let registrar = CallbackRegistrar(
                registry: registry, mode: settings.register, credentials: callbackCredentials, logger: logger)
            try await limit.bounding("it was checked where the carrier sends the callbacks") {
                try await registrar.check(accounts, url: url)
            }
            return try await work(carrier)
        }
    }

    /// Sees to it that callbacks are listened for as long as `work` takes, which is given the URL that the carrier is to call.
    private func listening<Result: Sendable>(
        at endpoint: CallbackEndpoint, _ work: @escaping @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let listener = CallbackListener(
            configuration: endpoint.configuration, store: store, clock: clock, policy: settings.policy, wakeup: wakeup,
            logger: logger, observer: observer, health: callbackHealth)
        let seat = ListenerSeat(listener: listener, configuration: endpoint.configuration, lock: lock, clock: clock)
        return try await whileServing { stop, onListening in
            do {
                try await seat.run(until: stop, reload: reload, onListening: onListening)
            } catch let error where error is CancellationError || error is StateStoreError {
                throw error
            } catch {
                throw ListenerFailed(address: settings.callbackListen, error: error)
            }
        } _: { port in
            try await work(endpoint.url(port: port))
        }
    }
}

/// Callbacks cannot be listened for.
public struct ListenerFailed: Error, CustomStringConvertible {
    let address: String
    let error: any Error

    public var description: String {
        "Callbacks cannot be listened for: "
            + ListenFault.explain(error, address: address, setting: "callbacks.listen")
    }
}
