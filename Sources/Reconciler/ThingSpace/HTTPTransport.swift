import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An answer as it came: status, what it says of waiting, and the body, cut at a limit.
struct HTTPAnswer: Sendable {
    let status: Int
    let retryAfter: Duration?
    let body: [UInt8]
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
    static func makeClient(connectTimeout: Duration = .seconds(10)) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.idleTimeout = .seconds(10)
        configuration.timeout.connect = .milliseconds(connectTimeout.wholeMilliseconds)
        configuration.decompression = .disabled
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// - Parameters:
    ///   - path: behind the base URL, with its leading slash.
    ///   - limit: the largest body that is read, in bytes.
    func send(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)], body: [UInt8]? = nil, limit: Int
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
                body: Array(bytes.readableBytesView))
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
            return .notSent(TransportProblem(description: "\(call): no connection within the time allowed."))
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return .unknown(TransportProblem(description: "\(call): no answer within the time allowed."))
        case let error as NIOConnectionError:
            let reason = error.connectionErrors.first.map { "\($0.error)" } ?? "no address for the host"
            return .notSent(
                TransportProblem(description: "\(call) cannot be reached: \(reason.excerpt(limit: 200))."))
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return .notSent(TransportProblem(description: "\(call) cannot be reached: connection refused."))
        case let error where isOfHandshake(error):
            return .notSent(
                TransportProblem(description: "\(call): no TLS connection: \("\(error)".excerpt(limit: 200))."))
        case is CancellationError:
            return .unknown(TransportProblem(description: "\(call): given up before it was answered."))
        case is NIOTooManyBytesError:
            return .unknown(TransportProblem(description: "\(call): the answer is larger than any that is documented."))
        default:
            return .unknown(
                TransportProblem(description: "\(call): the connection broke: \("\(error)".excerpt(limit: 200))."))
        }
    }

    /// Whether there was no TLS connection yet on which a call could have left. What breaks one later, an answer that is
    /// cut short for instance, has the same types.
    private static func isOfHandshake(_ error: any Error) -> Bool {
        switch error {
        case NIOSSLError.handshakeFailed, NIOSSLError.noCertificateToValidate, NIOSSLError.unableToValidateCertificate:
            true
        case let error as NIOSSLExtraError:
            [
                .failedToValidateHostname, .serverHostnameImpossibleToMatch, .cannotUseIPAddressInSNI,
                .invalidSNIHostname,
            ].contains(error)
        default: false
        }
    }
}
