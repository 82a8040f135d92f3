import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// The ThingSpace simulator: the carrier's API over real HTTP, with devices, callbacks and counters.
///
/// For example:
///
/// ```swift
/// let simulator = Simulator(devices: devices, options: SimulatorOptions(), logger: logger)
/// let (stop, end) = AsyncStream.makeStream(of: Void.self)   // end.finish() ends it
/// try await simulator.run(host: "127.0.0.1", port: 0, until: stop) { port in print("http://127.0.0.1:\(port)/api") }
/// ```
public struct Simulator: Sendable {
    private let state: SimulatorState
    private let wake: AsyncStream<Void>
    private let latency: Double
    private let answerHold: Double
    private let callbackAuthorities: String?
    private let logger: Logger

    private static let bodyLimit = 16 << 20

    public init(devices: [SimulatedDevice], options: SimulatorOptions, logger: Logger) {
        let (wake, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state = SimulatorState(model: CarrierModel(devices: devices, options: options), wake: continuation)
        self.wake = wake
        latency = options.latency
        answerHold = options.carrierFaultSettings.answerHold
        callbackAuthorities = options.callbackAuthorities
        self.logger = logger
    }

    /// Serves until the stream of stops gives an element or ends, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - stop: when the service is to end; calls that are under way end first.
    ///   - onListening: told the port once calls can come.
    /// - Throws: an error of the socket.
    public func run(
        host: String, port: Int, until stop: AsyncStream<Void>, onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.idleTimeout = .seconds(10)
        configuration.tracing.tracer = nil
        // Otherwise 8: deliveries would wait for each other.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = CallbackSender.concurrency
        if let callbackAuthorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(callbackAuthorities)
            configuration.tlsConfiguration = tls
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let application = Application(
            responder: CallbackResponder { (request: Request, context: CallContext) in
                try await respond(to: request, on: context.connection)
            },
            server: .http1(configuration: .init(additionalChannelHandlers: [OldClientHandler()])),
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) },
            logger: logger)
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await serve(application, until: stop) }
                group.addTask { await CallbackSender(state: state, client: client).run(wake: wake) }
                defer { group.cancelAll() }
                try await group.next()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        try result.get()
    }

    private func serve(_ application: some Service, until stop: AsyncStream<Void>) async throws {
        let services = ServiceGroup(
            configuration: .init(
                services: [.init(service: application, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger))
        // A task of its own, which nobody cancels: a server that is cancelled while connections wait to be taken ends the
        // process (swift-nio #2637).
        let serving = Task { try await services.run() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await serving.value }
            group.addTask {
                for await _ in stop { break }
                await services.triggerGracefulShutdown()
                try await serving.value
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// What was counted so far.
    public var counts: SimulatorCounts {
        get async { await state.counts }
    }

    /// The devices as they are now.
    public var devices: [SimulatedDevice] {
        get async { await state.devices }
    }

    /// Whether nothing is under way: no work to be ended, no message to be sent.
    public var isQuiet: Bool {
        get async { await state.isQuiet }
    }

    /// Changes a profile behind everybody's back.
    public func set(profileStatus: String, iccid: String) async {
        await state.set(profileStatus: profileStatus, iccid: iccid)
    }

    /// Changes the state of a line, or takes it off its account.
    public func set(state: String, iccid: String) async {
        await self.state.set(state: state, iccid: iccid)
    }

    public func set(isOnAccount: Bool, iccid: String) async {
        await state.set(isOnAccount: isOnAccount, iccid: iccid)
    }

    /// Changes the profiles of some devices as another system on the same accounts would.
    ///
    /// - Parameter announced: whether the endpoint is told, under requests that are not the client's.
    /// - Returns: their ICCIDs.
    public func drift(_ count: Int, to status: String, announced: Bool = false) async -> [String] {
        await state.drift(count, to: status, announced: announced)
    }

    /// Has the lists tell the same of every profile, whatever it is: the carrier's records are out of order.
    ///
    /// - Parameter profileStatus: `nil` for the truth again.
    public func setLists(profileStatus: String?) async {
        await state.setLists(profileStatus: profileStatus)
    }

    /// Changes the profiles of some devices as people would by a portal: one of those that are there is enabled,
    /// disabled or deleted, by the seed and by how many changes there were before.
    ///
    /// - Parameters:
    ///   - includingDownloads: whether people also download profiles. No client can know of that between its last look
    ///     and its own download, so `SimulatorCounts.repeatedDownloads` can count such a pair.
    ///   - announced: whether the endpoint gets messages, under requests that are not the client's.
    /// - Returns: the ICCIDs of the changed devices, in the order of the changes.
    @discardableResult
    public func changeByPeople(
        _ count: Int = 1, includingDownloads: Bool = false, announced: Bool = false
    ) async -> [String] {
        await state.changeByPeople(count, includingDownloads: includingDownloads, announced: announced)
    }

    /// Holds an answer back until the messages that come before it are delivered, or for as long as it waits at most.
    private func waitForMessages(of requestID: String) async throws {
        let end = SimulatorState.now() + answerHold
        while await state.isAwaiting(requestID), SimulatorState.now() < end {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func respond(to request: Request, on connection: any Channel) async throws -> Response {
        let response = try await answer(request, on: connection)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, on connection: any Channel) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyLimit)
        } catch is NIOTooManyBytesError {
            return Self.response(Reply(.tooLarge), closing: true)
        }
        if latency > 0 { try await Task.sleep(for: .seconds(latency)) }
        let reply = await state.answer(
            Call(
                method: request.method.rawValue, path: request.uri.path, authorization: request.headers[.authorization],
                sessionToken: HTTPField.Name("VZ-M2M-Token").flatMap { request.headers[$0] },
                contentType: request.headers[.contentType], body: String(buffer: body)))
        if let requestID = reply.answer.awaitedRequest { try await waitForMessages(of: requestID) }
        switch reply.ending {
        // Their time passes within the body.
        case .stalled, .trickling: break
        case .whole, .cutOff, .nothing, .reset, .gzip:
            if reply.delay > 0 { try await Task.sleep(for: .seconds(reply.delay)) }
        }
        // What is written to a closed connection goes nowhere.
        switch reply.ending {
        case .nothing: try? await connection.close()
        case .reset: try? await connection.reset()
        case .whole, .cutOff, .stalled, .trickling, .gzip: break
        }
        return Self.response(reply)
    }

    private static func response(_ reply: Reply, closing: Bool = false) -> Response {
        var headers: HTTPFields = [.contentType: reply.answer.contentType]
        if let retryAfter = reply.answer.retryAfter { headers[.retryAfter] = String(retryAfter) }
        for (name, value) in reply.answer.fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        if closing { headers[.connection] = "close" }
        if case .gzip = reply.ending { headers[.contentEncoding] = "gzip" }
        return Response(status: .init(code: reply.answer.status), headers: headers, body: body(of: reply))
    }

    private static func body(of reply: Reply) -> ResponseBody {
        let bytes = ByteBuffer(string: reply.answer.body)
        let half = bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes / 2) ?? bytes
        switch reply.ending {
        case .whole, .nothing, .reset:
            return ResponseBody(byteBuffer: bytes)
        case .gzip:
            return ResponseBody(byteBuffer: ByteBuffer(bytes: Gzip.encode(Array(reply.answer.body.utf8))))
        case .cutOff, .stalled:
            return ResponseBody(contentLength: bytes.readableBytes) { writer in
                try await writer.write(half)
                if case .stalled = reply.ending { try await Task.sleep(for: .seconds(reply.delay)) }
                throw AnswerCutOff()
            }
        case .trickling:
            return ResponseBody(contentLength: bytes.readableBytes) { writer in
                let pause = reply.delay / Double(max(1, bytes.readableBytes))
                for byte in bytes.readableBytesView {
                    try await writer.write(ByteBuffer(bytes: [byte]))
                    try await Task.sleep(for: .seconds(pause))
                }
                try await writer.finish(nil)
            }
        }
    }
}
