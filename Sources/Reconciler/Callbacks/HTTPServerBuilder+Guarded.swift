import HummingbirdCore
import HummingbirdTLS
import NIOSSL

extension HTTPServerBuilder {
    /// A server of HTTP/1.1 that puts up with little from clients that nobody has identified.
    ///
    /// - Parameters:
    ///   - allowed: who may connect; `nil` for everybody.
    ///   - tls: `nil` for plain HTTP.
    ///   - onRefused: told of each client that was hung up on because it may not connect.
    package static func guarded(
        limits: ListenerLimits, connections: ConnectionTable, allowed: AllowedClients? = nil, tls: TLSConfiguration?,
        onRefused: @escaping @Sendable () -> Void = {}
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
        onRefused: @escaping @Sendable () -> Void, responder: @escaping HTTPChannelHandler.Responder
    ) throws -> any ServerChildChannel {
        let http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [
                    ConnectionLifeHandler(
                        requestTime: limits.requestTime, idleTime: limits.idleTime, connections: connections)
                ],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
                    maxHeaderFieldCount: limits.headerCount)))
        func guarded(_ base: some ServerChildChannel) -> any ServerChildChannel {
            GuardedChannel(base: base, allowed: allowed, connections: connections, onRefused: onRefused)
        }
        return try tls.map { guarded(try TLSChannel(http, tlsConfiguration: $0)) } ?? guarded(http)
    }
}
