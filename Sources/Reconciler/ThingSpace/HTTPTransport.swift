import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// An answer: status, what it says of waiting, and the body without secrets.
struct HTTPAnswer: Sendable {
    let status: Int
    let retryAfter: Duration?
    var contentType: String?
    /// With the values of known secrets replaced: nothing else of the body may be shown or kept.
    let body: [UInt8]
    /// The body as it came, from which only tokens and credentials are read.
    let unredactedBody: [UInt8]

    init(
        status: Int, retryAfter: Duration?, contentType: String? = nil, body: [UInt8],
        redactor: SecretRedactor = SecretRedactor()
    ) {
        self.status = status
        self.retryAfter = retryAfter
        self.contentType = contentType
        self.body = redactor.redacted(body: body)
        unredactedBody = body
    }
}

/// Why there is no answer.
enum HTTPFailure: Error, Sendable {
    /// The request provably never left.
    case notSent(TransportProblem)
    /// It may have arrived.
    case unknown(TransportProblem)

    var problem: TransportProblem {
        switch self {
        case .notSent(let problem), .unknown(let problem): problem
        }
    }
}

/// Carries calls over HTTP, and tells those that never left from those that may have arrived.
struct HTTPTransport: Sendable {
    private let client: HTTPClient
    private let baseURL: BaseURL
    private let timeout: Duration
    private let clock: any WallClock

    init(client: HTTPClient, baseURL: BaseURL, timeout: Duration, clock: any WallClock) {
        self.client = client
        self.baseURL = baseURL
        self.timeout = timeout
        self.clock = clock
    }

    /// A client as the carrier needs it: no redirects (a POST must not become a GET), and idle connections given up
    /// before the other side does, since a call on one that is just being closed has an unknown outcome.
    static func makeClient(
        connectTimeout: Duration = .seconds(10), environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = ClientTLS.configuration(environment)
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.idleTimeout = .seconds(10)
        configuration.timeout.connect = .milliseconds(connectTimeout.wholeMilliseconds)
        // What the largest answer may grow to.
        configuration.decompression = .enabled(limit: .size(largestBody))
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private static let largestBody = 64 << 20

    /// - Parameters:
    ///   - path: behind the base URL, with its leading slash.
    ///   - limit: the largest body that is read, in bytes.
    ///   - redactor: knows what must not be shown of the answer.
    func send(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)], body: [UInt8]? = nil, limit: Int,
        redactor: SecretRedactor = SecretRedactor()
    ) async throws(HTTPFailure) -> HTTPAnswer {
        var request = HTTPClientRequest(url: baseURL.description + path)
        request.method = method
        request.headers = HTTPHeaders(headers)
        if let body { request.body = .bytes(body) }
        do {
            let deadline = NIODeadline.now() + .milliseconds(timeout.wholeMilliseconds)
            let response = try await client.execute(request, deadline: deadline)
            let bytes = try await Self.body(of: response, upTo: limit, until: deadline)
            return HTTPAnswer(
                status: Int(response.status.code), retryAfter: retryAfter(response.headers),
                contentType: response.headers.first(name: "Content-Type").map {
                    redactor.redacted(String($0.prefix { $0 != ";" }))
                }, body: Array(bytes.readableBytesView), redactor: redactor)
        } catch {
            throw Self.failure(error, path: path, host: baseURL.description)
        }
    }

    /// Reads an answer to its last byte, within the time of its call: the client's own deadline ends with the head.
    private static func body(
        of response: HTTPClientResponse, upTo limit: Int, until deadline: NIODeadline
    ) async throws -> ByteBuffer {
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await response.body.collect(upTo: limit) }
            group.addTask {
                let rest = deadline - NIODeadline.now()
                try await Task.sleep(for: .nanoseconds(max(0, rest.nanoseconds)))
                return nil
            }
            defer { group.cancelAll() }
            guard let body = try await group.next() ?? nil else { throw HTTPClientError.deadlineExceeded }
            return body
        }
    }

    private func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        headers.first(name: "Retry-After").flatMap {
            RetryAfter.wait($0, date: headers.first(name: "Date"), now: clock.now())
        }
    }

    private static func failure(_ error: any Error, path: String, host: String) -> HTTPFailure {
        let call = "\(host)\(path)"
        switch error {
        case let error as HTTPClientError where error == .connectTimeout:
            return .notSent(unreachable("\(call): no connection within the time allowed."))
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return .unknown(TransportProblem(description: "\(call): no answer within the time allowed."))
        case let error as NIOConnectionError:
            let reason = error.connectionErrors.first.map { "\($0.error)" } ?? "no address for the host"
            return .notSent(unreachable("\(call) cannot be reached: \(reason.excerpt(limit: 200))."))
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return .notSent(unreachable("\(call) cannot be reached: connection refused."))
        case let error where ClientTLS.isOfHandshake(error):
            return .notSent(
                TransportProblem(
                    description: "\(call): no TLS connection: \(ClientTLS.explain(error))", kind: .tls))
        case is CancellationError:
            return .unknown(TransportProblem(description: "\(call): given up before it was answered."))
        case is NIOTooManyBytesError, NIOHTTPDecompression.DecompressionError.limit:
            return .unknown(
                TransportProblem(
                    description: "\(call): the answer is larger than any that is documented.", kind: .unclear))
        case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
            return .unknown(
                TransportProblem(description: "\(call): the answer's compression cannot be read.", kind: .unclear))
        default:
            let reason = ClientTLS.withoutBuildPaths("\(error)").excerpt(limit: 200)
            return .unknown(TransportProblem(description: "\(call): the connection broke: \(reason)."))
        }
    }

    /// Who is used to proxies looks for the reason there.
    private static func unreachable(_ text: String) -> TransportProblem {
        let environment = ProcessInfo.processInfo.environment
        let isProxied = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].contains {
            environment[$0]?.isEmpty == false
        }
        return TransportProblem(
            description: text
                + (isProxied ? " A proxy is named in the environment (HTTPS_PROXY), and profilectl uses none." : ""))
    }
}
