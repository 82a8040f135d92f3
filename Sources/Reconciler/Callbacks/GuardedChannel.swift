import HummingbirdCore
import Logging
import NIOCore

/// Takes in a listener's connections only from clients that may connect, and only as many as there is room for,
/// before anything of them is read or a TLS handshake is made.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    /// `nil` for everybody.
    let allowed: AllowedClients?
    let connections: ConnectionTable
    /// Told of each client that was hung up on.
    let onRefused: @Sendable (SocketAddress?) -> Void

    /// What is read at once waits, up to ten times for each connection, until its turn comes: with the 64 KiB that NIO
    /// reads otherwise, hundreds of connections would hold hundreds of MiB.
    private static var readings: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 2 << 10, maximum: 8 << 10)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let mayConnect = allowed?.contains(channel.remoteAddress) ?? true
        if !mayConnect { onRefused(channel.remoteAddress) }
        guard mayConnect, connections.admit(channel) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ClientRefused())
        }
        do {
            try channel.syncOptions?.setOption(.recvAllocator, value: Self.readings)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

private struct ClientRefused: Error {}
