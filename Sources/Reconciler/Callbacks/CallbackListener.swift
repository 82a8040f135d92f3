import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// The HTTP endpoint that the carrier calls: answers 2xx only after the message is on disk.
///
/// It knows one path; everything else is not found. Source: `thingspace.md`, sections 5.2 to 5.4.
public struct CallbackListener: Sendable {
    /// The largest body that is read, in bytes.
    public static let maximumBodySize = 1 << 20

    /// How long callbacks are gathered before they take effect.
    private static let gatheringTime = Duration.milliseconds(20)

    private let configuration: CallbackListenerConfiguration
    private let inbox: CallbackInbox
    private let folder: CallbackFolder
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
        observer: any ProtocolObserver = IndifferentObserver()
    ) {
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.wakeup = wakeup
        self.logger = logger
        self.observer = observer
        inbox = CallbackInbox(store: store, wakeup: kept)
        folder = CallbackFolder(store: store, clock: clock, policy: policy, wakeup: wakeup)
    }

    /// Listens until it is told to stop or the task is cancelled.
    ///
    /// - Parameters:
    ///   - stop: ends the listening after its first change; callbacks that are being kept are acknowledged first.
    ///   - onListening: told the port once callbacks can come.
    /// - Throws: an error of the socket (the port is taken, may not be used), `StateStoreError`.
    public func run(
        until stop: Wakeup, onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let router = Router()
        router.on(RouterPath(configuration.path), method: .post) { request, _ in await receive(request) }
        let application = Application(
            router: router, server: try Self.server(configuration.tls),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await HTTPServing(server: application, logger: logger).run(until: stop) }
            group.addTask { try await readContinually() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func server(_ tls: CallbackTLS?) throws -> HTTPServerBuilder {
        guard let tls else { return .http1() }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        return try .tls(.http1(), tlsConfiguration: configuration)
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

    private func receive(_ request: Request) async -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.maximumBodySize)
        } catch {
            return await refuse(.contentTooLarge, counter: "callbacks.tooLarge")
        }
        let callback: ReceivedCallback
        do {
            callback = try ReceivedCallback(json: Array(body.readableBytesView))
        } catch {
            return await refuse(.badRequest, counter: "callbacks.malformed")
        }
        guard configuration.credentials.accepts(callback.credentials) else {
            return await refuse(.unauthorized, counter: "callbacks.wrongCredentials")
        }
        do {
            observer.reached(.callbackReceived)
            try await inbox.keep(callback.kept(at: clock.now()))
            observer.reached(.callbackKept)
            return Response(status: .ok)
        } catch {
            logger.error("A callback could not be kept and is not acknowledged; the carrier sends it again. \(error)")
            return Response(status: .serviceUnavailable)
        }
    }

    private func refuse(_ status: HTTPResponse.Status, counter: String) async -> Response {
        logger.warning("A callback was refused", metadata: ["status": "\(status.code)", "counter": "\(counter)"])
        try? await store.write { try $0.raiseCounter(counter, by: 1) }
        return Response(status: status)
    }
}
