import Logging

/// A whole refresh: the lock, the store, the carrier, and for the v2 list the callback listener and its registration.
public struct RefreshSession: Sendable {
    private let options: RefreshOptions
    private let access: CarrierAccess

    /// Throw it to end the refresh; nothing is changed then.
    public let stop: StopSwitch

    /// - Parameter command: what was typed, for those who find the lock.
    public init(
        settings: Settings, carrierCredentials: CarrierCredentials, callbackCredentials: CallbackCredentials,
        store: any StateStore, options: RefreshOptions, command: String, clock: any WallClock, logger: Logger
    ) {
        self.options = options
        let wakeup = Wakeup()
        access = CarrierAccess(
            settings: settings, carrierCredentials: carrierCredentials, callbackCredentials: callbackCredentials,
            store: store, command: command, clock: clock, logger: logger, wakeup: wakeup)
        stop = StopSwitch(wakeup: wakeup)
    }

    /// - Parameter progress: told of each step forward, in order.
    /// - Throws: `RunLockHeld`, `SettingsError`, `CarrierError`, `StateStoreError`, `ListenerFailed`,
    ///   `RegistrationProblem`
    public func run(
        _ scope: RefreshScope, progress: @escaping @Sendable (RefreshReport) -> Void = { _ in }
    ) async throws -> RefreshReport {
        try await read(scope, keepsDescriptions: false, progress: progress).report
    }

    /// The same, with all that the lists have said.
    func read(
        _ scope: RefreshScope, keepsDescriptions: Bool, progress: @escaping @Sendable (RefreshReport) -> Void
    ) async throws -> RefreshRun.Outcome {
        guard options.lists.v1 || options.lists.v2 else {
            throw SettingsError(
                "Both device lists are switched off, so nothing can be read. Switch one on: refresh.v1 or refresh.v2.")
        }
        return try await access.use(callbacksOf: options.lists.v2 ? Set(scope.accounts) : []) { carrier in
            try await RefreshRun(
                scope: scope, store: access.store, carrier: carrier, clock: access.clock, wakeup: access.wakeup,
                options: options, stop: stop, keepsDescriptions: keepsDescriptions
            ).run(progress: progress)
        }
    }
}
