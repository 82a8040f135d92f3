import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request does not arrive in time, whatever of it has come, one whose answer is not taken in
/// time, and one that rests too long.
final class RequestDeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let requestTime: TimeAmount
    private let idleTime: TimeAmount
    private var deadline: Scheduled<Void>?
    /// Of a client that does not take what it is sent.
    private var writeDeadline: Scheduled<Void>?
    /// How many requests have come whole and are not answered yet.
    private var unanswered = 0

    init(requestTime: Duration, idleTime: Duration) {
        self.requestTime = TimeAmount(requestTime)
        self.idleTime = TimeAmount(idleTime)
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
        case .head: closeConnection(context, in: requestTime)
        case .body: break
        case .end:
            unanswered += 1
            // One that was refused before it had come whole is answered already.
            if unanswered > 0 { deadline?.cancel() }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            if unanswered <= 0 { closeConnection(context, in: idleTime) }
        }
        context.write(data, promise: promise)
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
