import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOHTTP1
import NIOSSL

/// HTTP/1.1 that puts up with little from clients that nobody has identified.
package enum GuardedHTTP {
    /// What takes in the connections of a server.
    ///
    /// - Parameters:
    ///   - allowed: who may connect; `nil` for everybody.
    ///   - tls: `nil` for plain HTTP.
    ///   - onRefused: told of each client that was hung up on because it may not connect.
    ///   - respond: answers a call that came by this connection.
    /// - Throws: an error of the certificate or key.
    package static func channel(
        limits: ListenerLimits, connections: ConnectionTable, allowed: AllowedClients? = nil, tls: TLSConfiguration?,
        onRefused: @escaping @Sendable () -> Void = {},
        respond: @escaping @Sendable (Request, any Channel) async -> Response
    ) throws -> any ServerChildChannel {
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                var response = await respond(request, channel)
                response.headers[.date] = date()
                do {
                    try await writer.write(response: response.head, body: response.body)
                } catch is HTTPParserError {
                    // Of what came behind the call: thrown on, it would be answered in the middle of this answer.
                    throw AnswerBrokenOff()
                }
            },
            configuration: .init(
                additionalChannelHandlers: [
                    RequestDeadlineHandler(requestTime: limits.requestTime, idleTime: limits.idleTime)
                ],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
                    maxHeaderFieldCount: limits.headerCount)))
        func guarded(_ base: some ServerChildChannel) -> any ServerChildChannel {
            GuardedChannel(base: base, allowed: allowed, connections: connections, onRefused: onRefused)
        }
        return try tls.map { guarded(try TLSChannel(http, tlsConfiguration: $0)) } ?? guarded(http)
    }

    /// The time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 40)
        let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

private struct AnswerBrokenOff: Error {}
