import HTTPTypes
import NIOCore
import NIOHTTPTypes
import NIOSSL

/// Tells a connection that its listener ends, and how long calls are waited for that may be on their way already: one
/// that meets the closing of its connection is lost for who has made it.
struct ListenerEnd: Sendable {
    /// On a connection that has brought calls before.
    var restTime: TimeAmount
    /// On one that has brought none yet.
    var firstCallTime: TimeAmount
}

/// Sees a connection through its life: one request at a time, those that were sent behind it afterwards.
///
/// It is closed if a request does not arrive in time, whatever of it has come, if an answer is not taken in time, if it rests
/// too long, and behind an answer that says so: one to who asked for that, and the last one before a `ListenerEnd`. The table
/// knows who is waited for.
final class ConnectionLifeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let requestTime: TimeAmount
    private let idleTime: TimeAmount
    private let connections: ConnectionTable
    /// Told of an error of TLS before the first call.
    private let onFailedHandshake: (SocketAddress?) -> Void
    private var deadline: Scheduled<Void>?
    /// Of a client that does not take what it is sent.
    private var writeDeadline: Scheduled<Void>?
    /// How many requests have come whole and are not answered yet; less than none while one is answered that has not.
    private var unanswered = 0
    /// Whether a request has come in part.
    private var isReading = false
    private var hasCalled = false
    private var hasFailedHandshake = false
    /// Whether the client wants no more than is answered now.
    private var isLastCall = false
    private var end: ListenerEnd?
    /// What came behind a request that is not answered yet.
    private var waiting = CircularBuffer<Waiting>()
    /// Whether the server reads, or has answered, a request that the next one has to wait for.
    private var isAnswering = false
    /// Whether more is to be read as soon as nothing waits.
    private var wantsToRead = false
    /// Whether the answer that is being given says that the connection ends with it.
    private var saysGoodbye = false
    /// Whether such an answer was given: nothing is taken any more.
    private var isParting = false

    /// How long a client may go on sending after such an answer: if it were hung up on at once, it would not read it.
    private static let partingTime = TimeAmount.seconds(2)

    private enum Waiting {
        case part(HTTPRequestPart)
        case event(any Sendable)
        case error(any Error)
    }

    init(
        requestTime: Duration, idleTime: Duration, connections: ConnectionTable,
        onFailedHandshake: @escaping (SocketAddress?) -> Void = { _ in }
    ) {
        self.onFailedHandshake = onFailedHandshake
        self.requestTime = TimeAmount(requestTime)
        self.idleTime = TimeAmount(idleTime)
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) { closeConnection(context, in: requestTime) }

    func handlerRemoved(context: ChannelHandlerContext) { cancelDeadlines() }

    func channelInactive(context: ChannelHandlerContext) {
        cancelDeadlines()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard !isParting else {
            // What was refused before it had come whole has come now.
            if isReading, case .end = part {
                isReading = false
                closeConnection(context, in: .zero)
            }
            return
        }
        // Nothing is taken behind a call that its client calls the last one.
        if isLastCall, !isReading { return }
        switch part {
        case .head(let head):
            isReading = true
            hasCalled = true
            isLastCall = Self.saysClose(head.headerFields)
            closeConnection(context, in: requestTime)
        case .body: break
        case .end:
            isReading = false
            unanswered += 1
            if unanswered > 0 {
                deadline?.cancel()
                connections.noteCall(on: context.channel, isAwaitingAnswer: true)
            } else {
                rest(context)
            }
        }
        guard waiting.isEmpty, !isAnswering || !part.isHead else { return waiting.append(.part(part)) }
        deliver(part, context)
    }

    private func deliver(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        if case .head(var head) = part {
            isAnswering = true
            if head.headerFields[.expect]?.lowercased() == "100-continue" {
                head.headerFields[.expect] = nil
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// Gives the server what has waited, up to the head of the request after the next one.
    private func deliverWaiting(_ context: ChannelHandlerContext) {
        guard !waiting.isEmpty else { return }
        while let next = waiting.first {
            switch next {
            case .part(let part):
                if part.isHead, isAnswering { break }
                waiting.removeFirst()
                deliver(part, context)
                continue
            case .event(let event):
                waiting.removeFirst()
                context.fireUserInboundEventTriggered(event)
                continue
            case .error(let error):
                waiting.removeFirst()
                context.fireErrorCaught(error)
                continue
            }
            break
        }
        context.fireChannelReadComplete()
        if waiting.isEmpty, wantsToRead {
            wantsToRead = false
            context.read()
        }
    }

    /// Nothing is read while something waits: a client could otherwise have any number of requests held for it.
    func read(context: ChannelHandlerContext) {
        guard waiting.isEmpty else {
            wantsToRead = true
            return
        }
        context.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !hasCalled, !hasFailedHandshake, Self.isFailedHandshake(error) {
            hasFailedHandshake = true
            onFailedHandshake(context.remoteAddress)
        }
        guard waiting.isEmpty else { return waiting.append(.error(error)) }
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            // Those that came behind it have their answers first.
            if isLastCall || end != nil, unanswered <= 1 { head.headerFields[.connection] = "close" }
            saysGoodbye = Self.saysClose(head.headerFields)
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end where saysGoodbye:
            waiting.removeAll()
            part(context, data, promise)
        case .end:
            unanswered -= 1
            if unanswered <= 0 {
                connections.noteCall(on: context.channel, isAwaitingAnswer: false)
                if !isReading { rest(context) }
            }
            isAnswering = false
            context.write(data, promise: promise)
            deliverWaiting(context)
        }
    }

    /// Gives the end of the last answer.
    private func part(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        isParting = true
        connections.noteCall(on: context.channel, isAwaitingAnswer: false)
        guard unanswered == 1, !isReading else {
            closeConnection(context, in: Self.partingTime)
            return context.write(data, promise: promise)
        }
        closeConnection(context, in: requestTime)
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(data, promise: written)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let end = event as? ListenerEnd else {
            // The client has said all that it wants to say, which is not read yet.
            if case .inputClosed? = event as? ChannelEvent, !waiting.isEmpty {
                return waiting.append(.event(ChannelEvent.inputClosed))
            }
            return context.fireUserInboundEventTriggered(event)
        }
        self.end = end
        // What has begun to come has its time, and what is being answered too.
        guard unanswered <= 0, !isReading, !isParting else { return }
        closeConnection(context, in: hasCalled ? end.restTime : end.firstCallTime)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline?.cancel()
        let channel = context.channel
        if !channel.isWritable {
            writeDeadline = context.eventLoop.scheduleTask(in: requestTime) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    private static func saysClose(_ fields: HTTPFields) -> Bool {
        HTTPRequestRules.namesClose(fields[values: .connection])
    }

    /// Who connects and closes without a word only looks whether somebody listens, as load balancers do.
    private static func isFailedHandshake(_ error: any Error) -> Bool {
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let reasons)): !reasons.contains(.eofDuringHandshake)
        case NIOSSLError.handshakeFailed, is BoringSSLError: true
        default: false
        }
    }

    private func cancelDeadlines() {
        deadline?.cancel()
        writeDeadline?.cancel()
    }

    private func rest(_ context: ChannelHandlerContext) { closeConnection(context, in: end?.restTime ?? idleTime) }

    private func closeConnection(_ context: ChannelHandlerContext, in time: TimeAmount) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}

extension HTTPRequestPart {
    fileprivate var isHead: Bool {
        if case .head = self { true } else { false }
    }
}
