import Logging

/// A whole run: the lock, the store, the carrier, the callback listener and the registration around an `ApplyRun`.
public struct ApplySession: Sendable {
    private let goal: ApplyGoal
    private let options: ApplyOptions
    private let access: CarrierAccess
    private let history: HistoryLimit

    /// Throw it to end the run; what is under way is written down first.
    public let stop: StopSwitch

    /// - Parameters:
    ///   - command: what was typed, for those who find the lock.
    ///   - retriesSignIn: whether a person says that credentials are right that were refused before.
    public init(
        goal: ApplyGoal, settings: Settings, carrierCredentials: CarrierCredentials,
        callbackCredentials: CallbackCredentials, store: any StateStore, options: ApplyOptions, command: String,
        retriesSignIn: Bool = false, clock: any WallClock, logger: Logger,
        observer: any ProtocolObserver = IndifferentObserver()
    ) {
        self.goal = goal
        self.options = options
        let wakeup = Wakeup()
        var settings = settings
        settings.policy = options.policy
        let owner = RunOwner(command: command)
        access = CarrierAccess(
            settings: settings, carrierCredentials: carrierCredentials, callbackCredentials: callbackCredentials,
            store: store, owner: owner,
            lock: RunLock(store: store, clock: clock, owner: owner, profileSets: goal.desired.sets.map(\.name)),
            retriesSignIn: retriesSignIn, clock: clock, logger: logger, observer: observer, wakeup: wakeup)
        history = HistoryLimit(store: store, clock: clock, kept: settings.history)
        stop = StopSwitch(wakeup: wakeup)
    }

    /// A person waits: what is left to be forgotten then is left to the next run.
    private static let tidyingTime = Duration.seconds(2)

    /// - Throws: `RunLockHeld`, `SettingsError`, `CarrierError`, `StateStoreError`, `TooLargeChange`,
    ///   `ListenerFailed`, `RegistrationProblem`, `RunTimedOut`, `RunStopped`
    public func run(progress: @escaping @Sendable (ApplyReport) -> Void) async throws -> ApplyReport {
        let pacer = RequestPacer(goal.desired, store: access.store, clock: access.clock, options: options)
        let startedAt = access.clock.now()
        let limit = RunLimit(timeout: options.timeout, stop: stop, clock: access.clock)
        let report = try await access.use(
            callbacksOf: goal.desired.selectedAccounts, pacer: pacer, within: limit
        ) { carrier in
            var options = options
            options.timeout = limit.rest(of: options.timeout, since: startedAt)
            return try await ApplyRun(
                goal: goal, store: access.store, carrier: carrier, clock: access.clock, wakeup: access.wakeup,
                options: options, stop: stop, command: access.owner.command, lock: access.lock,
                observer: access.observer
            ).run(progress: progress)
        }
        // The run has done its work, whatever comes of this.
        if !stop.isStopped { _ = try? await history.enforce(until: access.clock.now() + Self.tidyingTime) }
        return report
    }
}
