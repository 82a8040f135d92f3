import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Tells a connection that its listener ends, and how long calls are waited for that may be on their way already: one
/// that meets the closing of its connection is lost for who has made it.
struct ListenerEnd: Sendable {
    /// On a connection that has brought calls before.
    var restTime: TimeAmount
    /// On one that has brought none yet.
    var firstCallTime: TimeAmount
}

/// Sees a connection through its life. It is closed if a request does not arrive in time, whatever of it has come, if an
/// answer is not taken in time, if it rests too long, and behind an answer that says so; while the listener ends, every
/// answer does. The table is told of who is waited for.
final class ConnectionLifeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let requestTime: TimeAmount
    private let idleTime: TimeAmount
    private let connections: ConnectionTable
    private var deadline: Scheduled<Void>?
    /// Of a client that does not take what it is sent.
    private var writeDeadline: Scheduled<Void>?
    /// How many requests have come whole and are not answered yet.
    private var unanswered = 0
    /// Whether a request has come in part.
    private var isReading = false
    private var hasCalled = false
    private var isEnding = false
    /// Whether an answer has said that the connection ends with it.
    private var hasSaidGoodbye = false

    /// How long a client may go on sending what was refused before it had come whole: if it were hung up on at once, it
    /// would not read the answer.
    private static let partingTime = TimeAmount.seconds(2)

    init(requestTime: Duration, idleTime: Duration, connections: ConnectionTable) {
        self.requestTime = TimeAmount(requestTime)
        self.idleTime = TimeAmount(idleTime)
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) { closeConnection(context, in: requestTime) }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        writeDeadline?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        writeDeadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            hasCalled = true
            closeConnection(context, in: requestTime)
        case .body: break
        case .end:
            isReading = false
            unanswered += 1
            if unanswered > 0 {
                deadline?.cancel()
                connections.noteCall(on: context.channel, isAwaitingAnswer: true)
            } else if hasSaidGoodbye {
                // It was refused before it had come whole.
                closeConnection(context, in: .zero)
            }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if isEnding { head.headerFields[.connection] = "close" }
            if head.headerFields[.connection]?.lowercased() == "close" { hasSaidGoodbye = true }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            unanswered -= 1
            if unanswered <= 0 {
                connections.noteCall(on: context.channel, isAwaitingAnswer: false)
                closeConnection(context, in: hasSaidGoodbye ? Self.partingTime : idleTime)
            }
            guard hasSaidGoodbye, unanswered == 0, !isReading else { return context.write(data, promise: promise) }
            let written = promise ?? context.eventLoop.makePromise()
            written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            context.writeAndFlush(data, promise: written)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let end = event as? ListenerEnd else { return context.fireUserInboundEventTriggered(event) }
        isEnding = true
        // What has begun to come has its time, and what is being answered too.
        guard unanswered <= 0, !isReading else { return }
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

    private func closeConnection(_ context: ChannelHandlerContext, in time: TimeAmount) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}
