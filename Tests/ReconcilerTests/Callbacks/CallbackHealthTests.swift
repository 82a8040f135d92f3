import Foundation
import NIOCore
import Testing

@testable import Reconciler

@Suite("Whether deliveries of callbacks reach us")
struct CallbackHealthTests {
    private static let now = Timestamp(Date(timeIntervalSince1970: 1_800_000_000))

    private func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 1) }

    @Test("where all are refused it is said with the reason and an address, until one is accepted")
    func refused() throws {
        let health = CallbackHealth()
        for _ in 0..<2 { health.refuse(.wrongPath, from: try address("127.0.0.1"), at: Self.now, allowed: nil) }
        #expect(health.problems(at: Self.now).isEmpty)
        health.refuse(.wrongCredentials, from: try address("3.87.163.45"), at: Self.now, allowed: nil)
        let problems = health.problems(at: Self.now)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("3.87.163.45") == true)
        #expect(problems.first?.contains("user name and password") == true)
        #expect(health.problems(at: Self.now + .seconds(4000)).isEmpty)
        health.accept()
        #expect(health.problems(at: Self.now).isEmpty)
    }

    @Test("what strangers try says nothing, and neither does too much at once")
    func strangers() throws {
        let health = CallbackHealth()
        for _ in 0..<9 {
            health.refuse(.wrongPath, from: try address("203.0.113.7"), at: Self.now, allowed: nil)
            health.refuse(.overloaded, from: try address("127.0.0.1"), at: Self.now, allowed: nil)
        }
        #expect(health.problems(at: Self.now).isEmpty)
    }

    @Test(
        "a certificate that no client trusts is named",
        arguments: [
            ("fleet.example.com", -1, "expired"), ("fleet.example.com", 1, nil), ("a.example.org", 1, nil),
            ("other.example.com", 1, "callbacks.url names other.example.com"), ("a.b.example.org", 1, "is for"),
            ("10.0.0.1", 1, nil), ("10.0.0.2", 1, "is for"), (nil, 1, nil),
        ] as [(String?, Int, String?)])
    func certificate(host: String?, days: Int, problem: String?) {
        let certificate = CallbackCertificate(
            expiresAt: Self.now + .seconds(days * 86_400), names: ["Fleet.example.com", "*.example.org"],
            addresses: [[10, 0, 0, 1]])
        let health = CallbackHealth()
        health.use(certificate, for: host)
        let problems = health.problems(at: Self.now)
        #expect(problems.isEmpty == (problem == nil), "\(problems)")
        if let problem { #expect(problems.first?.contains(problem) == true, "\(problems)") }
    }

    @Test("the first certificate of the file is looked at")
    func file() async throws {
        let folder = try TemporaryFolder()
        let tls = try await ListenerTLSTests().makeCertificate("first", in: folder)
        let certificate = try #require(CallbackCertificate(file: tls.certificate))
        #expect(certificate.addresses == [[127, 0, 0, 1]])
        #expect(certificate.problem(for: "127.0.0.1", at: SystemClock().now()) == nil)
        #expect(certificate.problem(for: "127.0.0.1", at: SystemClock().now() + .seconds(3 * 86_400)) != nil)
        #expect(CallbackCertificate(file: tls.key) == nil)
    }

    @Test("connections without a handshake are counted, and suites with CBC or static RSA are not spoken")
    func handshakes() async throws {
        let folder = try TemporaryFolder()
        let tls = try await ListenerTLSTests().makeCertificate("first", in: folder)
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Harness.withListener(store, tls: tls) { url in
            for ciphers in ["ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA", "AES128-SHA:AES128-GCM-SHA256"] {
                let result = try await Binary.run(
                    [
                        "curl", "--silent", "--show-error", "--cacert", "first.crt", "--tls-max", "1.2", "--ciphers",
                        ciphers + ":@SECLEVEL=0", url,
                    ], in: folder.path, program: "/usr/bin/env")
                #expect(result.exitCode == 35, "\(ciphers): \(result.exitCode) \(result.errors)")
            }
        }
        #expect(try await store.read { try $0.counters()["callbacks.failedHandshake"] } == 2)
    }

    @Test("a proxy in between and a list of the carrier's addresses contradict each other")
    func contradiction() throws {
        var settings = Settings()
        settings.callbackURL = "https://fleet.example.com/callbacks"
        settings.behindProxy = true
        settings.callbackAllow = ["thingspace"]
        let error = #expect(throws: SettingsError.self) {
            try CallbackEndpoint(settings, credentials: Harness.callbackCredentials, carrierIsLoopback: false)
        }
        #expect(error?.description.contains("callbacks.behindProxy") == true)
        settings.callbackAllow = ["10.0.0.0/8"]
        #expect(throws: Never.self) {
            try CallbackEndpoint(settings, credentials: Harness.callbackCredentials, carrierIsLoopback: false)
        }
    }

    @Test(
        "a path is one path in each of its spellings",
        arguments: [
            ("/a%2Fb", "/a/b"), ("/a%20b", "/a%20b"), ("/a b", "/a%20b"), ("/ä", "/%C3%A4"), ("/%c3%a4", "/%C3%A4"),
            ("/%7Ea", "/~a"),
        ])
    func paths(configured: String, called: String) throws {
        var settings = Settings()
        settings.callbackURL = "https://fleet.example.com\(configured)"
        settings.behindProxy = true
        let endpoint = try CallbackEndpoint(
            settings, credentials: Harness.callbackCredentials, carrierIsLoopback: false)
        #expect(CallbackPath(endpoint.configuration.path) == CallbackPath(called))
        #expect(endpoint.url(port: 1).utf8.allSatisfy { 0x21...0x7E ~= $0 })
    }
}
