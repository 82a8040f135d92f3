import Logging

/// A whole run: the lock, the store, the carrier, the callback listener and the registration around an `ApplyRun`.
public struct ApplySession: Sendable {
    private let desired: DesiredFleet
    private let options: ApplyOptions
    private let access: CarrierAccess

    /// Throw it to end the run; what is under way is written down first.
    public let stop: StopSwitch

    /// - Parameter command: what was typed, for those who find the lock.
    public init(
        desired: DesiredFleet, settings: Settings, carrierCredentials: CarrierCredentials,
        callbackCredentials: CallbackCredentials, store: any StateStore, options: ApplyOptions, command: String,
        clock: any WallClock, logger: Logger, observer: any ProtocolObserver = IndifferentObserver()
    ) {
        self.desired = desired
        self.options = options
        let wakeup = Wakeup()
        var settings = settings
        settings.policy = options.policy
        access = CarrierAccess(
            settings: settings, carrierCredentials: carrierCredentials, callbackCredentials: callbackCredentials,
            store: store, command: command, clock: clock, logger: logger, observer: observer, wakeup: wakeup)
        stop = StopSwitch(wakeup: wakeup)
    }

    /// - Throws: `RunLockHeld`, `SettingsError`, `CarrierError`, `StateStoreError`, `TooLargeChange`,
    ///   `ListenerFailed`, `RegistrationProblem`
    public func run(progress: @escaping @Sendable (ApplyReport) -> Void) async throws -> ApplyReport {
        try await access.use(callbacksOf: Set(desired.accounts)) { carrier in
            try await ApplyRun(
                desired: desired, store: access.store, carrier: carrier, clock: access.clock, wakeup: access.wakeup,
                options: options, stop: stop, observer: access.observer
            ).run(progress: progress)
        }
    }
}
