import Foundation
import Logging
import Synchronization

/// Keeps a fleet as its manifests declare it, for as long as it is left to run: receives callbacks, reads the manifests
/// when they change and the carrier's records periodically, and has runs do what is to be done.
///
/// Every decision is made from the state as it is now, so that it may be ended and started again at any time.
public struct Controller: Sendable {
    /// Where all that it does can be looked at.
    public let board: ControllerBoard
    /// To be told when somebody has changed the state.
    public let wakeup: Wakeup

    private let origin: any ManifestOrigin
    private let isStrict: Bool
    private let settings: Settings
    private let options: ControllerOptions
    private let carrierCredentials: CarrierCredentials
    private let callbackCredentials: CallbackCredentials
    private let store: any StateStore
    private let notifier: (any Notifier)?
    private let supervisor: SupervisorNotifier
    private let readCallbackCredentials: (@Sendable () throws -> CallbackCredentials)?
    private let clock: any WallClock
    private let logger: Logger
    private let observer: any ProtocolObserver

    /// - Parameters:
    ///   - origin: where the manifests come from.
    ///   - isStrict: whether warnings about them are errors.
    ///   - notifier: takes to people what they are to be told of.
    ///   - readCallbackCredentials: gives them as they are now, when they may have been rotated.
    public init(
        origin: any ManifestOrigin, isStrict: Bool, settings: Settings, options: ControllerOptions,
        carrierCredentials: CarrierCredentials, callbackCredentials: CallbackCredentials, store: any StateStore,
        notifier: (any Notifier)? = nil, supervisor: SupervisorNotifier = SupervisorNotifier(environment: [:]),
        readCallbackCredentials: (@Sendable () throws -> CallbackCredentials)? = nil,
        clock: any WallClock, logger: Logger,
        observer: any ProtocolObserver = IndifferentObserver()
    ) {
        self.readCallbackCredentials = readCallbackCredentials
        self.origin = origin
        self.isStrict = isStrict
        self.settings = settings
        self.carrierCredentials = carrierCredentials
        self.callbackCredentials = callbackCredentials
        self.store = store
        self.notifier = notifier
        self.supervisor = supervisor
        self.clock = clock
        self.logger = logger
        self.observer = observer
        var options = options
        // A sign of life is given at each look.
        if let interval = supervisor.watchdogInterval { options.idleInterval = min(options.idleInterval, interval) }
        self.options = options
        wakeup = Wakeup()
        board = ControllerBoard(
            ControllerStatus(startedAt: clock.now(), manifests: .init(origin: origin.name)))
    }

    /// Goes on until it is told to stop: the run under way writes down what it has begun, and callbacks that are being
    /// kept are acknowledged.
    ///
    /// - Parameters:
    ///   - stop: ends it after its first change.
    ///   - reload: at each change the manifests, the certificate and the carrier's records are read again.
    ///   - onListening: told the URL that the carrier is to call, once callbacks can come.
    /// - Throws: `SettingsError`, `ListenerFailed`, `StateStoreError`
    public func run(
        until stop: Wakeup, reload: Wakeup, onListening: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws {
        let owner = RunOwner(command: FleetSteward.command)
        let lock = RunLock(ofReader: owner, store: store, clock: clock)
        let access = CarrierAccess(
            settings: settings, carrierCredentials: carrierCredentials, callbackCredentials: callbackCredentials,
            store: store, owner: owner, lock: lock,
            retriesSignIn: false, clock: clock, logger: logger, observer: observer, wakeup: wakeup,
            reload: reload, callbackHealth: board.callbackHealth)
        let desk = ControllerDesk(
            accounts: AccountBook(
                refreshInterval: options.refreshInterval, backOff: options.backOff,
                reads: settings.lists.v1 || settings.lists.v2, awaitsReading: settings.verification == .lookup),
            wakeup: wakeup, board: board, startedAt: clock.now())
        try await access.serve { carrier, url in
            onListening(CallbackURL(url).description)
            supervisor.tell(.ready)
            let watched = WatchedCarrier(carrier: carrier, board: board, clock: clock, logger: logger)
            let claim = RevisionClaim(store: store, clock: clock, owner: owner, origin: origin.name)
            try await work(desk, watched, url, lock, claim, until: stop, reload: reload)
        }
    }

    private func work(
        _ desk: ControllerDesk, _ carrier: any Carrier, _ url: String, _ lock: RunLock, _ claim: RevisionClaim,
        until stop: Wakeup, reload: Wakeup
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for companion in try companions(desk, until: stop, reload: reload) {
                group.addTask {
                    try await companion()
                    return false
                }
            }
            group.addTask {
                try await steer(desk, carrier, url, lock, claim)
                return true
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    /// What goes on beside the work, and is cut off when that has ended in order.
    private func companions(
        _ desk: ControllerDesk, until stop: Wakeup, reload: Wakeup
    ) throws(SettingsError) -> [@Sendable () async throws -> Void] {
        let memory = FleetMemory(origin: origin, store: store, board: board)
        let manifests = ManifestKeeper(
            desk: desk, origin: origin, isStrict: isStrict, interval: options.manifestInterval ?? origin.usualInterval,
            store: store, memory: memory, clock: clock, logger: logger, reload: reload)
        // A try that waits for another process is no silence.
        let prober = StoreProber(
            store: store, board: board, clock: clock, interval: options.probeInterval,
            patience: settings.stateTimeout + .seconds(30))
        let events = EventLogger(store: store, clock: clock, wakeup: wakeup, logger: logger)
        let history = HistoryKeeper(
            limit: HistoryLimit(store: store, clock: clock, kept: settings.history), clock: clock, logger: logger)
        let watch = ControllerWatch(
            board: board, supervisor: supervisor, notifier: notifier, store: store, memory: memory,
            interval: options.noticeInterval, clock: clock, logger: logger)
        let callbacks = CallbackWatch(
            board: board, store: store, tls: settings.callbackTLS,
            host: settings.callbackURL.flatMap { URLComponents(string: $0)?.host },
            isPublic: try !settings.carrierURL().isLoopback, clock: clock, interval: options.probeInterval)
        let clockWatch = ClockWatch(clock: clock, logger: logger)
        return [
            { try await clockWatch.run() },
            { try await callbacks.run() }, { try await manifests.run() }, { try await events.run() },
            { try await watch.run() },
            { try await history.run() }, { try await prober.run() },
            {
                await stop.change(after: 0)
                guard !Task.isCancelled else { return }
                logger.notice("Stopping: what is under way is written down")
                supervisor.tell(.stopping)
                desk.close()
            },
            {
                try await reload.eachChange {
                    logger.notice("Reading manifests, certificates and the carrier's records again")
                    supervisor.tell(.reloading)
                    rotateCallbackCredentials()
                    desk.changeAccounts(at: clock.now()) { $0.makeDue() }
                    desk.accountNews.notify()
                    supervisor.tell(.ready)
                }
            },
        ]
    }

    /// Takes the callback credentials as they are now. The accounts are looked at after that, so that the carrier gets to
    /// know them; those before are accepted for a while.
    private func rotateCallbackCredentials() {
        guard let readCallbackCredentials else { return }
        do {
            let new = try readCallbackCredentials()
            if new.areIncomplete, !callbackCredentials.areIncomplete { throw CallbackEndpoint.missing(new) }
            guard callbackCredentials.rotate(to: new) else { return }
            logger.notice(
                "Callbacks carry another user name or password from now on; those before are accepted for a while")
        } catch {
            logger.error("The callback credentials cannot be read again, and stay as they are: \(error)")
        }
    }

    /// The work itself; it ends in order when the desk is closed.
    private func steer(
        _ desk: ControllerDesk, _ carrier: any Carrier, _ url: String, _ lock: RunLock, _ claim: RevisionClaim
    ) async throws {
        let pulse = Pulse(supervisor: supervisor, clock: clock)
        let steward = FleetSteward(
            desk: desk, settings: settings, options: options, store: store, carrier: carrier, clock: clock,
            logger: logger, observer: observer, claim: claim, onLook: { pulse.beat() })
        let accounts = AccountKeeper(
            desk: desk, settings: settings, options: options, url: url, callbackCredentials: callbackCredentials,
            store: store, lock: lock, carrier: carrier, clock: clock, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await steward.run() }
            group.addTask { try await accounts.run() }
            try await group.waitForAll()
        }
    }
}

/// Gives the supervisor signs of life, and no more than it needs.
private final class Pulse: Sendable {
    private let supervisor: SupervisorNotifier
    private let clock: any WallClock
    private let last = Mutex(Timestamp.distantPast)

    init(supervisor: SupervisorNotifier, clock: any WallClock) {
        self.supervisor = supervisor
        self.clock = clock
    }

    func beat() {
        guard supervisor.watchdogInterval != nil else { return }
        let now = clock.now()
        let isDue = last.withLock { last in
            guard last + .seconds(1) <= now else { return false }
            last = now
            return true
        }
        if isDue { supervisor.tell(.watchdog) }
    }
}
