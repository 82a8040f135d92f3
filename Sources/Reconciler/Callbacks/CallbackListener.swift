import Hummingbird
import HummingbirdCore
import Logging

/// The HTTP endpoint that the carrier calls: answers 2xx only after the message is on disk, and lets what is kept take
/// effect.
public struct CallbackListener: Sendable {
    /// How long after the question an answer to a device list is awaited.
    private static let longestListWait = Duration.seconds(3600)

    /// How long callbacks are gathered before they take effect.
    private static let gatheringTime = Duration.milliseconds(20)

    private let configuration: CallbackListenerConfiguration
    private let inbox: CallbackInbox
    private let folder: CallbackFolder
    private let refusals: RefusalCounts
    private let store: any StateStore
    private let clock: any WallClock
    private let wakeup: Wakeup
    /// Told of callbacks that were kept. Only the folder minds them: for all others something happens when they take
    /// effect.
    private let kept = Wakeup()
    private let logger: Logger
    private let observer: any ProtocolObserver

    public init(
        configuration: CallbackListenerConfiguration, store: any StateStore, clock: any WallClock,
        policy: ConvergencePolicy, wakeup: Wakeup, logger: Logger,
        observer: any ProtocolObserver = IndifferentObserver(), health: CallbackHealth = CallbackHealth()
    ) {
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.wakeup = wakeup
        self.logger = logger
        self.observer = observer
        inbox = CallbackInbox(store: store, wakeup: kept)
        folder = CallbackFolder(store: store, clock: clock, policy: policy, wakeup: wakeup)
        refusals = RefusalCounts(
            store: store, clock: clock, logger: logger, allowed: configuration.allowed, health: health)
    }

    /// Listens at the address of the configuration until it is told to stop or the task is cancelled.
    ///
    /// - Parameters:
    ///   - stop: ends the listening after its first change; callbacks that are being kept are acknowledged first.
    ///   - reload: the certificate and key are read again at each change of it, and when the files change.
    ///   - onListening: told the port once callbacks can come.
    /// - Throws: an error of the socket (the port is taken, may not be used), `SettingsError`, `StateStoreError`.
    public func run(
        until stop: Wakeup, reload: Wakeup = Wakeup(), onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let socket = try ListeningSocket(host: configuration.host, port: configuration.port)
        try await run(on: socket, until: stop, reload: reload, onListening: onListening)
    }

    /// Listens on a socket that is there already.
    ///
    /// - Parameter othersListen: whether others do so when this one ends.
    func run(
        on socket: ListeningSocket, until stop: Wakeup, reload: Wakeup = Wakeup(),
        othersListen: @escaping @Sendable () async -> Bool = { false },
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let limits = configuration.limits
        let refusals = refusals
        if limits.connections < ListenerLimits().connections {
            logger.notice(
                "Few files may be open: the callback server has so many connections at the same time, at most",
                metadata: ["connections": "\(limits.connections)", "openFiles": "\(OpenFileLimit.current.count)"])
        }
        let connections = ConnectionTable(limit: limits.connections) { refusals.add(.crowdedOut) }
        let reception = CallbackReception(
            path: CallbackPath(configuration.path), credentials: configuration.credentials,
            redactor: configuration.redactor, allowed: configuration.allowed,
            bodyLimit: { await bodyLimit(length: $0) }, callbackSize: limits.bodySize, inbox: inbox,
            budget: BodyBudget(limits), connections: connections, refusals: refusals, clock: clock,
            logger: logger, observer: observer)
        let tls = try configuration.tls.map {
            try TLSFiles($0, for: "callbacks", logger: logger) { [certifiedHost = configuration.certifiedHost] in
                refusals.health.use($0, for: certifiedHost)
            }
        }
        let channel = try HTTPServerBuilder.guardedChannel(
            limits: limits, connections: connections, allowed: configuration.allowed, tls: try tls?.configuration(),
            onRefused: { refusal, client in
                switch refusal {
                case .client: refusals.add(.wrongClient, from: client)
                case .failedHandshake: refusals.add(.failedHandshake, from: client)
                }
            },
            responder: { request, writer, channel in
                let response = await reception.respond(to: request, on: channel)
                try await writer.write(response: response.head, body: response.body)
            })
        let server = ListeningSocketServer(
            socket: socket, connections: connections, endTime: limits.endTime, clock: clock, logger: logger,
            othersListen: othersListen)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(channel, until: stop, onListening: onListening) }
            group.addTask { try await readContinually() }
            group.addTask { try await refusals.writeContinually() }
            if let tls {
                group.addTask { try await tls.watch() }
                group.addTask { try await reload.eachChange { tls.reload() } }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        await refusals.finish()
    }

    /// Lets kept callbacks take effect, those of an earlier run first.
    private func readContinually() async throws {
        while true {
            let seen = (kept: kept.count, other: wakeup.count)
            do {
                if try await folder.readAll() > 0 { observer.reached(.callbacksRead) }
            } catch let error as StateStoreError {
                // What is kept stays kept; it is read when the store works again.
                logger.error("\(error)")
            }
            try await waitForCallbacks(after: seen)
            // What comes within moments takes effect together: each transaction syncs the disk.
            try await clock.sleep(until: clock.now() + Self.gatheringTime)
        }
    }

    /// Waits for what was kept, or for what may let a callback take effect that had to stay unread.
    private func waitForCallbacks(after seen: (kept: Wakeup.Count, other: Wakeup.Count)) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await kept.change(after: seen.kept) }
            group.addTask { await wakeup.change(after: seen.other) }
            group.addTask { try await clock.sleep(until: clock.now() + .seconds(1)) }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }

    /// Only who awaits a device list reads what is as long as one.
    ///
    /// - Parameter length: of a body, in bytes, if it is told.
    /// - Returns: how many bytes are read of it.
    private func bodyLimit(length: Int?) async -> Int {
        let limits = configuration.limits
        if let length, length <= limits.bodySize { return limits.bodySize }
        let since = clock.now() - Self.longestListWait
        let isAwaited = (try? await store.read { try $0.awaitsDeviceList(since: since) }) ?? false
        return isAwaited ? limits.listSize : limits.bodySize
    }
}
