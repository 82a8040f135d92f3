import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// What HTTP/1.1 demands of a request's head and NIO's decoder does not check (RFC 9112, sections 3.2, 6.1 and 9.3).
enum HTTPRequestRules {
    enum Violation: Hashable {
        case host
        case transferCoding

        var status: HTTPResponseStatus {
            switch self {
            case .host: .badRequest
            case .transferCoding: .notImplemented
            }
        }
    }

    /// - Returns: `nil` if the head keeps the rules.
    static func violation(in head: HTTPRequestHead) -> Violation? {
        let hosts = head.headers["host"]
        let isMissing = hosts.isEmpty && !isOld(head.version)
        if isMissing || hosts.count > 1 || !hosts.allSatisfy(isAuthority) { return .host }
        // The decoder reads any list of codings that ends with `chunked`, and undoes that one only.
        let codings = head.headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() }
        return codings.isEmpty || codings == ["chunked"] ? nil : .transferCoding
    }

    /// Whether the connection ends with the response: the client says so, or speaks HTTP/1.0.
    static func isLastRequest(_ head: HTTPRequestHead) -> Bool {
        isOld(head.version) || namesClose(head.headers["connection"])
    }

    /// HTTP/1.0, and what came before it.
    static func isOld(_ version: HTTPVersion) -> Bool { (version.major, version.minor) < (1, 1) }

    /// Whether one of the values of `Connection` lists `close`.
    static func namesClose(_ values: some Sequence<some StringProtocol>) -> Bool {
        values.contains { value in
            value.split(separator: ",").contains { part in
                part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased() == "close"
            }
        }
    }

    /// Whether the text is a host with or without a port; an empty one is a request without an authority.
    static func isAuthority(_ text: String) -> Bool {
        var rest = text[...]
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return false }
            guard rest[..<end].dropFirst().utf8.allSatisfy(isAddressByte) else { return false }
            rest = rest[rest.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return false }
        } else {
            let host = rest.prefix { $0 != ":" }
            guard host.utf8.allSatisfy(isHostByte) else { return false }
            rest = rest[host.endIndex...]
            guard !host.isEmpty || rest.isEmpty else { return false }
        }
        let port = rest.dropFirst()
        guard port.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return false }
        return port.isEmpty || UInt16(port) != nil
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isHostByte(byte) || byte == UInt8(ascii: ":")
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"): true
        default: false
        }
    }
}

/// Refuses requests that break the rules, before anything of them reaches the responder, and gives requests of HTTP/1.0
/// the form that the handlers behind know: `Connection: close`, and no chunks in the response.
final class HTTPRequestRulesHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let wire: WireUse
    private var violation: HTTPRequestRules.Violation?
    private var isOldClient = false

    init(_ wire: WireUse) {
        self.wire = wire
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard violation == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            wire.begin()
            if let violation = HTTPRequestRules.violation(in: head) {
                self.violation = violation
                // The server responds to it with 400, behind the responses to the requests before.
                return context.fireErrorCaught(HTTPParserError.unknown)
            }
            if HTTPRequestRules.isLastRequest(head) { head.headers.replaceOrAdd(name: "connection", value: "close") }
            if HTTPRequestRules.isOld(head.version) {
                isOldClient = true
                head.headers.remove(name: "expect")
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body(let body):
            wire.decoded(body.readableBytes)
            context.fireChannelRead(data)
        case .end:
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        if isOldClient { head.version = .http1_0 }
        if let violation, head.status == .badRequest { head.status = violation.status }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}

/// How many bytes of a request have come over the wire, and how many of them are its body. What is neither, such as
/// extensions of chunks, is bounded as well.
final class WireUse {
    /// What may come beside the body: heads of chunks, of which the smallest ones are longer than what they hold.
    static let mostBesideBody = 64 << 10
    private static let bytesPerBodyByte = 8

    private var received = 0
    private var body = 0

    func begin() {
        received = 0
        body = 0
    }

    func decoded(_ count: Int) { body += count }

    /// - Returns: whether that is no more than the limit.
    func receive(_ count: Int) -> Bool {
        received += count
        return received - Self.bytesPerBodyByte * body <= Self.mostBesideBody
    }
}

/// Stands before the decoder, and lets no more through than `WireUse` allows.
final class WireLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let wire: WireUse
    private var isOver = false

    init(_ wire: WireUse) {
        self.wire = wire
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        guard wire.receive(unwrapInboundIn(data).readableBytes) else {
            isOver = true
            return context.fireErrorCaught(HTTPParserError.headerOverflow)
        }
        context.fireChannelRead(data)
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Puts the rules into a pipeline of HTTP/1.1, before what turns its parts into those of HTTP types.
    func addHTTPRequestRules() throws {
        let wire = WireUse()
        let codec = try handler(type: HTTP1ToHTTPServerCodec.self)
        try addHandler(HTTPRequestRulesHandler(wire), position: .before(codec))
        let decoder = try handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try addHandler(WireLimitHandler(wire), position: .before(decoder))
    }
}
