import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import Reconciler

@Suite("What becomes of a call on a TLS connection that breaks")
struct HTTPTransportTests {
    /// How a server breaks a connection once it has the whole call.
    enum Breach: CaseIterable {
        /// In the middle of an answer, without a goodbye.
        case cutShort
        /// With bytes that are no TLS.
        case garbled
    }

    private static let body = Array(#"{"a":1}"#.utf8)

    @Test("it may have arrived", .timeLimit(.minutes(1)), arguments: Breach.allCases)
    func broken(_ breach: Breach) async throws {
        let failure = try await failure(breach, isTrusted: true)
        guard case .unknown = failure else {
            Issue.record("\(failure)")
            return
        }
    }

    @Test("it never left if no connection came about", .timeLimit(.minutes(1)))
    func untrusted() async throws {
        let failure = try await failure(.cutShort, isTrusted: false)
        guard case .notSent(let problem) = failure, problem.description.contains("no TLS connection") else {
            Issue.record("\(failure)")
            return
        }
    }

    @Test("a carrier that speaks no TLS 1.2 is not called, in words that hold no build path", .timeLimit(.minutes(1)))
    func oldProtocol() async throws {
        let failure = try await failure(.cutShort, isTrusted: true, newest: .tlsv11)
        guard case .notSent(let problem) = failure else {
            Issue.record("\(failure)")
            return
        }
        #expect(problem.description.contains("no TLS 1.2 or later"), "\(problem)")
        #expect(!problem.description.contains(".cc:") && !problem.description.contains("/checkouts/"), "\(problem)")
    }

    @Test("SSL_CERT_FILE names the authorities, and a file that holds none is an error")
    func authorities() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("empty.pem", "")
        let environment = ["SSL_CERT_FILE": path]
        guard case .file(path) = ClientTLS.configuration(environment).trustRoots else {
            Issue.record("\(String(describing: ClientTLS.configuration(environment).trustRoots))")
            return
        }
        #expect(ClientTLS.configuration([:]).minimumTLSVersion == .tlsv12)
        let error = #expect(throws: SettingsError.self) { try ClientTLS.check(environment) }
        #expect(error?.description.contains("SSL_CERT_FILE") == true && error?.description.contains(path) == true)
        #expect(throws: Never.self) { try ClientTLS.check([:]) }
    }

    /// - Parameter isTrusted: whether the client knows the authority of the server's certificate.
    private func failure(
        _ breach: Breach, isTrusted: Bool, newest: TLSVersion? = nil
    ) async throws -> HTTPFailure {
        let folder = try TemporaryFolder()
        let authority = try await CertificateAuthority(in: folder)
        let files = try await authority.issue(as: "server")
        let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
        var serverTLS = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        serverTLS.maximumTLSVersion = newest
        let tls = try NIOSSLContext(configuration: serverTLS)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOSSLServerHandler(context: tls), Breaker(breach, after: Self.body),
                    ])
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)

        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .milliseconds(500)
        var trust = ClientTLS.configuration([:])
        if isTrusted { trust.trustRoots = .file(authority.certificate) }
        configuration.tlsConfiguration = trust
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let transport = HTTPTransport(
            client: client, baseURL: try BaseURL("https://127.0.0.1:\(port)"), timeout: .seconds(20),
            clock: SystemClock())
        var failure: HTTPFailure?
        do throws(HTTPFailure) {
            _ = try await transport.send(.POST, "/action", headers: [], body: Self.body, limit: 1000)
        } catch {
            failure = error
        }
        try await client.shutdown()
        try await server.close()
        return try #require(failure)
    }
}

private final class Breaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let breach: HTTPTransportTests.Breach
    private let end: [UInt8]
    private var received: [UInt8] = []

    init(_ breach: HTTPTransportTests.Breach, after end: [UInt8]) {
        self.breach = breach
        self.end = end
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytesView
        guard received.suffix(end.count) == end[...],
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        else { return }
        switch breach {
        case .cutShort:
            let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n{\"requestId\":")
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
            tls.close(promise: nil)
        case .garbled:
            tls.writeAndFlush(wrapOutboundOut(ByteBuffer(repeating: 0xFF, count: 64)), promise: nil)
        }
    }
}
