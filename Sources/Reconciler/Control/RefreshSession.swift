import Logging

/// A whole refresh: the store, the carrier, and for the v2 list the callback listener and its registration.
///
/// It may be at work beside other runs on the store, those that act on the same devices among them.
public struct RefreshSession: Sendable {
    private let options: RefreshOptions
    private let access: CarrierAccess
    private let commit: String?

    /// Throw it to end the refresh; nothing is changed then.
    public let stop: StopSwitch

    /// - Parameters:
    ///   - command: what was typed, for `status` and the timelines of the devices.
    ///   - commit: that the manifests of the scope come from, for the same.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    public init(
        settings: Settings, carrierCredentials: CarrierCredentials, callbackCredentials: CallbackCredentials,
        store: any StateStore, options: RefreshOptions, command: String, commit: String? = nil,
        retriesSignIn: Bool = false, clock: any WallClock, logger: Logger
    ) {
        self.options = options
        self.commit = commit
        let wakeup = Wakeup()
        let owner = RunOwner(command: command)
        access = CarrierAccess(
            settings: settings, carrierCredentials: carrierCredentials, callbackCredentials: callbackCredentials,
            store: store, owner: owner, lock: RunLock(ofReader: owner, store: store, clock: clock),
            retriesSignIn: retriesSignIn, clock: clock, logger: logger, wakeup: wakeup)
        stop = StopSwitch(wakeup: wakeup)
    }

    /// - Parameter progress: told of each step forward, in order.
    /// - Throws: `RunLockHeld`, `SettingsError`, `CarrierError`, `StateStoreError`, `ListenerFailed`,
    ///   `RegistrationProblem`, `RunTimedOut`, `RunStopped`
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
        let pacer = RequestPacer(
            store: access.store, clock: access.clock, rates: scope.requestRates(elsewhere: options.requestsPerSecond))
        let startedAt = access.clock.now()
        let limit = RunLimit(timeout: options.timeout, stop: stop, clock: access.clock)
        return try await access.use(
            callbacksOf: options.lists.v2 ? Set(scope.accounts) : [], pacer: pacer, within: limit
        ) { carrier in
            var options = options
            options.timeout = limit.rest(of: options.timeout, since: startedAt)
            return try await RefreshRun(
                scope: scope, store: access.store, carrier: carrier, pacer: pacer, clock: access.clock,
                wakeup: access.wakeup, options: options, stop: stop, command: access.owner.command,
                commit: commit, whileWriting: { try await access.lock.whileRecording($0) },
                keepsDescriptions: keepsDescriptions
            ).run(progress: progress)
        }
    }
}
