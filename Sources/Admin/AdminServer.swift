import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Reconciler

/// The HTTP endpoint at which people and monitors look at a controller: health, metrics, a JSON API that reads, and the
/// dashboard, which can also pause and resume.
public struct AdminServer: Sendable {
    /// How often counts are taken from the store even if nobody asks for them, so that whoever does never waits for the
    /// counting of months.
    private static let tallyInterval = Duration.seconds(10)

    private let configuration: AdminConfiguration
    private let board: ControllerBoard
    private let store: any StateStore
    private let wakeup: Wakeup
    private let clock: any WallClock
    private let logger: Logger
    private let version: String
    /// How lively the dashboard is.
    var pace = ChangeStream.Pace()

    /// - Parameters:
    ///   - wakeup: told when a person has paused or resumed something.
    ///   - version: of the program, as people know it.
    public init(
        configuration: AdminConfiguration, board: ControllerBoard, store: any StateStore, wakeup: Wakeup,
        clock: any WallClock, logger: Logger, version: String
    ) {
        self.configuration = configuration
        self.board = board
        self.store = store
        self.wakeup = wakeup
        self.clock = clock
        self.logger = logger
        self.version = version
    }

    /// Listens until it is told to stop or the task is cancelled.
    ///
    /// - Parameters:
    ///   - stop: ends the listening after its first change; answers that are under way are given first.
    ///   - reload: the certificate and key are read again at each change of it, and when the files change.
    ///   - onListening: told the port once calls can come.
    /// - Throws: an error of the socket (the port is taken, may not be used), `SettingsError`.
    public func run(
        until stop: Wakeup, reload: Wakeup = Wakeup(), onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let refusals = RefusalTally()
        let connections = ConnectionTable(limit: configuration.limits.connections) { refusals.add(.crowdedOut) }
        let tls = try configuration.tls.map { try TLSFiles($0, for: "the admin endpoint", logger: logger) }
        let figures = StoreFigures(store: store, clock: clock)
        let responder = try responder(figures, connections, refusals)
        let application = Application(
            responder: CallbackResponder<AdminContext> { await responder.respond(to: $0, on: $1.channel) },
            server: .guarded(
                limits: configuration.limits, connections: connections, tls: try tls?.configuration(),
                onRefused: { refusal, _ in
                    if case .failedHandshake = refusal { refusals.add(.failedHandshake) }
                }),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil,
                backlog: ListenerLimits.backlog),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await HTTPServing(
                    server: application, connections: connections, endTime: configuration.limits.endTime,
                    logger: logger
                ).run(until: stop)
            }
            group.addTask {
                while true {
                    _ = await figures.current()
                    refusals.tell(logger)
                    try await clock.sleep(until: clock.now() + Self.tallyInterval)
                }
            }
            if let tls {
                group.addTask { try await tls.watch() }
                group.addTask { try await reload.eachChange { tls.reload() } }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        refusals.tell(logger)
    }

    /// Where it listens, as it is written in settings.
    var address: String { "\(configuration.host):\(configuration.port)" }

    /// What a person types into a browser to look.
    func url(port: Int) -> String {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        return "\(configuration.tls == nil ? "http" : "https")://\(host):\(port)/"
    }

    private func responder(
        _ figures: StoreFigures, _ connections: ConnectionTable, _ refusals: RefusalTally
    ) throws -> AdminResponder {
        let gate = Gate(token: configuration.token, clock: clock)
        let stream = ChangeStream(board: board, clock: clock, pace: pace)
        return AdminResponder(
            gate: gate, limits: configuration.limits, isSecure: configuration.tls != nil, connections: connections,
            refusals: refusals, signIns: SignInThrottle(clock: clock),
            dashboard: try Dashboard(board: board, store: store, clock: clock, version: version),
            api: ReadAPI(board: board, store: store, clock: clock, version: version),
            health: HealthCheck(board: board, store: store, clock: clock),
            metrics: MetricsPage(
                board: board, figures: figures, stream: stream, refusals: refusals, clock: clock, version: version),
            stream: stream, pauses: PauseSession(store: store, clock: clock), wakeup: wakeup, logger: logger)
    }
}

/// A request together with the connection that it came by.
private struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
