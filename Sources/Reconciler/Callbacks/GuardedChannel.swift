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
    let onRefused: @Sendable () -> Void

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let mayConnect = allowed?.contains(channel.remoteAddress) ?? true
        if !mayConnect { onRefused() }
        guard mayConnect, connections.admit(channel) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ClientRefused())
        }
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

private struct ClientRefused: Error {}
