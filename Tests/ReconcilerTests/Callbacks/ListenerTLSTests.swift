import Foundation
import Testing

@testable import Reconciler

/// Checked by clients of their own: `curl` and `openssl`.
@Suite("The listener's TLS")
struct ListenerTLSTests {
    private let body = "{\"username\":\"profilectl\",\"password\":\"callback-secret\",\"requestId\":\"r-1\"}"

    func makeCertificate(_ name: String, in folder: TemporaryFolder) async throws -> CallbackTLS {
        let made = try await Binary.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", "\(name).key", "-out", "\(name).crt", "-days", "2", "-subj", "/CN=\(name)", "-addext",
                "subjectAltName=IP:127.0.0.1",
            ], in: folder.path, program: "/usr/bin/env")
        try #require(made.exitCode == 0, "\(made.errors)")
        return CallbackTLS(certificate: "\(folder.path)/\(name).crt", key: "\(folder.path)/\(name).key")
    }

    private func post(_ url: String, _ options: [String], in folder: TemporaryFolder) async throws
        -> Binary.Result
    {
        try await Binary.run(
            ["curl", "--silent", "--show-error", "--write-out", "%{http_code}", "--data", body] + options + [url],
            in: folder.path, program: "/usr/bin/env")
    }

    @Test("a client with the CA is served; one without it, and one that speaks an old protocol, are not")
    func clients() async throws {
        let folder = try TemporaryFolder()
        let tls = try await makeCertificate("first", in: folder)
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Harness.withListener(store, tls: tls) { url in
            #expect(try await post(url, ["--cacert", "first.crt"], in: folder).output == "200")
            #expect(try await post(url, ["--cacert", "first.crt", "--tls-max", "1.2"], in: folder).output == "200")
            // Exit code 60: the certificate cannot be verified; 35: no handshake.
            #expect(try await post(url, [], in: folder).exitCode == 60)
            let old = ["--cacert", "first.crt", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]
            #expect(try await post(url, old, in: folder).exitCode == 35)
            let plain = url.replacingOccurrences(of: "https:", with: "http:")
            let refused = try await post(plain, [], in: folder)
            #expect(refused.exitCode != 0)
        }
    }

    @Test("a client that is gone without a goodbye does not hold up the end for long")
    func vanished() async throws {
        let folder = try TemporaryFolder()
        let tls = try await makeCertificate("first", in: folder)
        let configuration = try TLSFiles(tls, for: "a test", logger: Harness.quiet).configuration()
        #expect(configuration.shutdownTimeout.nanoseconds <= 1_000_000_000)
    }

    @Test("a certificate that was replaced is used without a restart, and a broken one is not")
    func reloading() async throws {
        let folder = try TemporaryFolder()
        let tls = try await makeCertificate("first", in: folder)
        let second = try await makeCertificate("second", in: folder)
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let old = try Data(contentsOf: URL(fileURLWithPath: tls.certificate))
        try folder.write("old.crt", old)
        let reload = Wakeup()
        try await Harness.withListener(store, tls: tls, reload: reload) { url in
            #expect(try await post(url, ["--cacert", "old.crt"], in: folder).output == "200")
            try folder.write("first.crt", Data("no certificate".utf8))
            reload.notify()
            #expect(try await post(url, ["--cacert", "old.crt"], in: folder).output == "200")
            try folder.write("first.crt", try Data(contentsOf: URL(fileURLWithPath: second.certificate)))
            try folder.write("first.key", try Data(contentsOf: URL(fileURLWithPath: second.key)))
            reload.notify()
            // Reloading takes a moment; until then the old one is served.
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
            let served = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                try await post(url, ["--cacert", "second.crt"], in: folder).output == "200" ? true : nil
            }
            #expect(served == true)
            let refused = try await post(url, ["--cacert", "old.crt"], in: folder)
            #expect(refused.exitCode == 60)
        }
    }

    @Test("files that cannot be used are refused with their names")
    func unusable() async throws {
        let folder = try TemporaryFolder()
        let tls = try await makeCertificate("first", in: folder)
        let other = try await makeCertificate("second", in: folder)
        let cases = [
            CallbackTLS(certificate: tls.certificate, key: folder.path + "/none.key"),
            CallbackTLS(certificate: tls.key, key: tls.key), CallbackTLS(certificate: tls.certificate, key: other.key),
        ]
        let log = LogRecorder()
        for tls in cases {
            let error = #expect(throws: SettingsError.self) {
                try TLSFiles(tls, for: "callbacks", logger: log.logger)
            }
            #expect(error?.description.contains(tls.key) == true)
        }
        #expect(log.lines.isEmpty, "who started it is told, and the log need not say it again")
    }

    @Test(
        "the log says until when a certificate is valid, and when its successor cannot be used"
    )
    func logged() async throws {
        let folder = try TemporaryFolder()
        let tls = try await makeCertificate("first", in: folder)
        let log = LogRecorder()
        let files = try TLSFiles(tls, for: "callbacks", logger: log.logger)
        let end = try #require(log.lines.first?.metadata["validUntil"])
        #expect(Timestamp(end) != nil, "\(end)")
        try folder.write("first.key", "no key")
        files.reload()
        #expect(
            log.lines.map(\.message).last
                == "The certificate and key for callbacks cannot be used; those before stay in use")
    }
}
