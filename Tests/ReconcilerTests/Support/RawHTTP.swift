@testable import Reconciler

import NIOCore
import NIOPosix
import Synchronization

/// A client that writes bytes as they are, and gives what comes back.
final class RawHTTP: Sendable {
    private let channel: any Channel
    private let received: Mutex<String> = Mutex("")
    private let changes = Wakeup()

    init(port: Int) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.pipeline.addHandler(Reader(self)).get()
    }

    private final class Reader: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let client: RawHTTP

        init(_ client: RawHTTP) {
            self.client = client
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            client.received.withLock { $0 += text }
            client.changes.notify()
        }

        func channelInactive(context: ChannelHandlerContext) {
            client.changes.notify()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// What came until it holds this text, or until the other side has closed.
    func text(until expected: String) async -> String {
        while true {
            let seen = changes.count
            let text = received.withLock { $0 }
            if text.contains(expected) || !channel.isActive { return text }
            await changes.change(after: seen)
        }
    }

    /// All that came until the other side has closed.
    func textUntilClosed() async throws -> String {
        try? await channel.closeFuture.get()
        return received.withLock { $0 }
    }

    func close() { channel.close(promise: nil) }

    /// Sends one text, and gives what came until the other side has closed.
    static func exchange(port: Int, _ text: String) async throws -> String {
        let client = try await RawHTTP(port: port)
        // The other side may hang up before it has read all.
        try? await client.send(text)
        return try await client.textUntilClosed()
    }
}
