import Foundation
import Testing

@testable import Reconciler

@Suite("Why callbacks do not get to us")
struct CallbackTroubleTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func certificate(
        from: Int = -10, to: Int = 10, hosts: [String] = ["fleet.example.com"], issuer: UInt8 = 2, subject: UInt8 = 1
    ) -> CertificateFacts {
        var facts = CertificateFacts(notBefore: now + .seconds(from), notAfter: now + .seconds(to))
        facts.hosts = hosts
        facts.issuer = [issuer]
        facts.subject = [subject]
        return facts
    }

    private func troubles(
        _ chain: [CertificateFacts], host: String? = "fleet.example.com", isPublic: Bool = true
    ) -> [String] {
        CallbackTrouble.ofCertificate(chain, file: "a.crt", host: host, isPublic: isPublic, at: now).map(\.summary)
    }

    @Test("a certificate that the carrier does not take is said with why")
    func certificates() {
        let issuer = certificate(issuer: 3, subject: 2)
        #expect(troubles([certificate(), issuer]).isEmpty)
        #expect(troubles([certificate(hosts: ["*.example.com"]), issuer]).isEmpty)
        #expect(troubles([certificate()], isPublic: false).isEmpty)
        #expect(troubles([certificate(issuer: 1)]).isEmpty, "one that nobody else has issued needs no chain")
        for (chain, word) in [
            ([certificate(to: -1), issuer], "is expired"), ([certificate(from: 5), issuer], "is not valid yet"),
            ([certificate(hosts: ["other.example.com"]), issuer], "is for another host"),
            ([certificate(hosts: ["*.fleet.example.com"]), issuer], "is for another host"),
            ([certificate()], "comes without its chain"),
        ] {
            #expect(troubles(chain) == ["the certificate for callbacks \(word)"])
        }
    }

    @Test("the facts of a certificate are read as openssl has written them")
    func facts() async throws {
        let folder = try TemporaryFolder()
        let authority = try await CertificateAuthority(in: folder)
        let own = try #require(
            try CertificateFacts.chain(file: try await authority.issue(as: "server").certificate).first)
        let issuer = try #require(try CertificateFacts.chain(file: authority.certificate).first)
        #expect(own.issuer == issuer.subject && issuer.issuer == issuer.subject && own.subject != own.issuer)
        #expect(own.hosts == ["127.0.0.1"])
        let life = own.notAfter - own.notBefore
        #expect(life >= .seconds(86_400) && life <= .seconds(3 * 86_400))
        #expect(own.notBefore <= SystemClock().now())
    }

    @Test(
        "refusals count since the last callback that was kept, and those of strangers only when callbacks are overdue")
    func refusals() throws {
        var refusals = CallbackRefusals()
        let path = "callbacks.wrongPath"
        let password = "callbacks.wrongCredentials"
        refusals.note(counters: [path: 7, "other": 1], hasKept: false, at: now)
        #expect(refusals.standing.isEmpty, "what was before says nothing")
        refusals.note(counters: [path: 9, password: 1, "other": 5], hasKept: false, at: now)
        #expect(refusals.standing == [path: 2, password: 1] && refusals.since == now)
        let since = try #require(refusals.since)
        let said = CallbackTrouble.ofRefusals(refusals.standing, since: since, isSilent: false)
        #expect(said?.summary == "every callback is refused (wrong user name or password: 1)")
        let overdue = CallbackTrouble.ofRefusals(refusals.standing, since: since, isSilent: true)
        #expect(overdue?.summary.contains("wrong path: 2") == true)
        #expect(overdue?.text.contains("callbacks register") == true && overdue?.text.contains("callbacks.url") == true)
        #expect(CallbackTrouble.ofRefusals([path: 2], since: since, isSilent: false) == nil)
        refusals.note(counters: [path: 12, password: 1], hasKept: true, at: now + .seconds(1))
        #expect(refusals.standing.isEmpty && refusals.since == nil)
    }

    @Test("readiness and alerts name them, and the end of them")
    func readiness() {
        var status = ControllerStatus(startedAt: now, manifests: .init(origin: "a test"))
        status.callbacksSoundAt = now
        status.callbackTroubles = [CallbackTrouble(summary: "the certificate is gone", text: "It is gone.")]
        #expect(status.degradations == ["the certificate is gone"])
        func finding() -> Finding? {
            Findings(status, at: now).all.first { $0.identity.subject == "callbacks" }
        }
        #expect(finding()?.notice?.text == "It is gone.")
        status.callbackTroubles = []
        #expect(finding().map { $0.notice == nil } == true)
    }

    @Test(
        "a file that TLS cannot be spoken with is named with what it is and how to put it right",
        arguments: [
            ("ec-parameters", ["EC PARAMETERS", "openssl pkey"]), ("der-key", ["is DER", "openssl pkey"]),
            ("der-certificate", ["is DER", "openssl x509"]), ("encrypted", ["is encrypted", "openssl pkey"]),
            ("both", ["beside the certificate"]), ("swapped", ["swapped"]), ("missing", ["cannot be read"]),
            ("others-key", ["the certificate's own"]),
        ])
    func files(kind: String, words: [String]) async throws {
        let folder = try TemporaryFolder()
        let authority = try await CertificateAuthority(in: folder)
        var files = try await authority.issue(as: "server")
        func openssl(_ arguments: String...) async throws {
            let made = try await Binary.run(["openssl"] + arguments, in: folder.path, program: "/usr/bin/env")
            try #require(made.exitCode == 0, "\(made.errors)")
        }
        let changed = folder.path + "/changed"
        switch kind {
        case "ec-parameters":
            try await openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", changed)
            files.key = changed
        case "der-key":
            try await openssl("pkey", "-in", files.key, "-outform", "DER", "-out", changed)
            files.key = changed
        case "der-certificate":
            try await openssl("x509", "-in", files.certificate, "-outform", "DER", "-out", changed)
            files.certificate = changed
        case "encrypted":
            try await openssl("pkey", "-in", files.key, "-aes256", "-passout", "pass:hush", "-out", changed)
            files.key = changed
        case "both":
            try folder.write(
                "changed",
                try String(contentsOfFile: files.certificate, encoding: .utf8)
                    + String(contentsOfFile: files.key, encoding: .utf8))
            files.certificate = changed
        case "swapped": swap(&files.certificate, &files.key)
        case "others-key": files.key = try await authority.issue(as: "other").key
        default: files.key = changed
        }
        let error = try #require(throws: SettingsError.self) {
            try TLSFiles(files, for: "a test", logger: Harness.quiet)
        }
        for word in words { #expect(error.description.contains(word), "\(error)") }
    }
}
