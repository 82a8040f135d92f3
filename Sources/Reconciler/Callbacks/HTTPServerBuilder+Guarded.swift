import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

extension HTTPServerBuilder {
    /// A server of HTTP/1.1 that puts up with little from clients that nobody has identified.
    ///
    /// - Parameters:
    ///   - allowed: who may connect; `nil` for everybody.
    ///   - tls: `nil` for plain HTTP.
    ///   - onRefused: told of each connection that ends before a call, with its client's address.
    package static func guarded(
        limits: ListenerLimits, connections: ConnectionTable, allowed: AllowedClients? = nil, tls: TLSConfiguration?,
        onRefused: @escaping @Sendable (ConnectionRefusal, SocketAddress?) -> Void = { _, _ in }
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            try guardedChannel(
                limits: limits, connections: connections, allowed: allowed, tls: tls, onRefused: onRefused,
                responder: responder)
        }
    }

    /// What takes in the connections of such a server.
    static func guardedChannel(
        limits: ListenerLimits, connections: ConnectionTable, allowed: AllowedClients?, tls: TLSConfiguration?,
        onRefused: @escaping @Sendable (ConnectionRefusal, SocketAddress?) -> Void,
        responder: @escaping HTTPChannelHandler.Responder
    ) throws -> any ServerChildChannel {
        let http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [
                    ConnectionLifeHandler(
                        requestTime: limits.requestTime, idleTime: limits.idleTime, connections: connections,
                        onFailedHandshake: { onRefused(.failedHandshake, $0) })
                ],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
                    maxHeaderFieldCount: limits.headerCount)))
        func guarded(_ base: some ServerChildChannel) -> any ServerChildChannel {
            GuardedChannel(base: base, allowed: allowed, connections: connections) { onRefused(.client, $0) }
        }
        let ruled = RuledHTTPChannel(base: http)
        return try tls.map { guarded(try TLSChannel(ruled, tlsConfiguration: $0)) } ?? guarded(ruled)
    }
}

/// Why a connection ends before its first call.
package enum ConnectionRefusal: Sendable {
    /// The client may not connect.
    case client
    case failedHandshake
}

/// HTTP/1.1 with `HTTPRequestRules`.
private struct RuledHTTPChannel: ServerChildChannel {
    let base: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            try channel.pipeline.syncOperations.addHTTPRequestRules()
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
