import Foundation
import Testing

@testable import Reconciler

/// Over real HTTP.
@Suite("A carrier that sends back what was sent")
struct EchoedSecretTests {
    private static let basic = Data("simulator-key:simulator-secret".utf8).base64EncodedString()
    private static let secrets = [
        "simulator-secret", "simulator-password", basic, Data("simulator-password".utf8).base64EncodedString(),
        "bearer-token-0001", "session-token-0001",
    ]

    /// An error that holds all of them.
    private static func error(_ status: Int) -> ScriptedServer.Answer {
        let echo = "You sent Basic \(secrets.joined(separator: ", ")), simulator%2Dpassword"
        return ScriptedServer.Answer(
            status: status,
            body: "{\"errorCode\":\"REQUEST_FAILED.\(secrets[0])\",\"errorMessage\":\"\(echo)\",\"error\":\"\(echo)\"}")
    }

    private static func token(_ isLogin: Bool) -> ScriptedServer.Answer {
        ScriptedServer.Answer(
            body: isLogin
                ? "{\"sessionToken\":\"session-token-0001\"}"
                : "{\"access_token\":\"bearer-token-0001\",\"expires_in\":3600}")
    }

    @Test("its errors show none of it", arguments: ["token", "login", "call"], [400, 401])
    func errors(place: String, status: Int) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let server = ScriptedServer { isLogin, _ in
            place == (isLogin ? "login" : "token") ? Self.error(status) : Self.token(isLogin)
        } _: { _, _ in
            Self.error(status)
        }
        let texts = try await server.serving(store) { carrier in
            var texts: [String] = []
            let outcome = await carrier.request(
                .enable, for: [try Fleets.key(1)], account: Fleets.account, smsr: Fleets.smsr)
            texts.append("\(outcome)")
            for call in [
                { _ = try await carrier.callbackRegistrations(of: Fleets.account) },
                { _ = try await carrier.devices(of: Fleets.account, after: 0) },
                { _ = try await carrier.device(Fleets.iccid(1)) },
            ] as [@Sendable () async throws -> Void] {
                do {
                    try await call()
                } catch {
                    texts.append("\(error) \(String(reflecting: error))")
                }
            }
            return texts
        }
        #expect(texts.count == 4)
        #expect(texts[0].contains("<redacted>"), "\(texts[0])")
        // What was not sent yet cannot be sent back.
        let sent = Self.secrets.prefix(place == "token" ? 4 : place == "login" ? 5 : 6)
        for text in texts {
            for secret in sent { #expect(!text.contains(secret), "\(secret) in \(text)") }
        }
    }

    @Test("its list of callbacks is shown without passwords, and known for ours all the same")
    func registrations() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let url = "https://user:hush-in-url@fleet.example.com/callbacks?k=simulator-password"
        let server = ScriptedServer { _, _ in
            ScriptedServer.Answer(
                body: "[{\"accountName\":\"\(Fleets.account)\",\"serviceName\":\"DeviceProfileService\","
                    + "\"url\":\"\(url)\",\"username\":\"u\",\"password\":\"hush-of-list\"}]")
        }
        let registered = try await server.serving(store) {
            try await $0.callbackRegistrations(of: Fleets.account)
        }
        let registration = try #require(registered.first)
        var dumped = "\(registration) \(registration.url)"
        dump(registration, to: &dumped)
        #expect(!dumped.contains("hush") && !dumped.contains("simulator-password"), "\(dumped)")
        #expect(registration.url == "https://<redacted>@fleet.example.com/callbacks?k=<redacted>")
        #expect(registration.address == CallbackURL(url))
        #expect(registration.bears(CallbackCredentials(username: "u", password: "hush-of-list")) == true)
        #expect(registration.bears(CallbackCredentials(username: "u", password: "other")) == false)
    }

    @Test("what callbacks repeat of a secret is not kept, wherever it stands")
    func callbacks() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let body = #"""
            {"username":"profilectl","password":"callback-secret","passwd":"x-hush","requestId":"r-1","data":
            [{"key":"password","value":"callback-secret"},{"note":"sent callback-s\u0065cret to https:\/\/u:hush@h\/"}]}
            """#
        try await Harness.withListener(
            store, credentials: CallbackCredentials(username: "profilectl", password: "callback-secret")
        ) { url in
            let answer = try await Harness.call("POST", url, body: Data(body.utf8))
            #expect(answer.status == 200)
        }
        let kept = try ["state.db", "state.db-wal"].map { name in
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name)), as: UTF8.self)
        }.joined()
        #expect(kept.contains("sent <redacted> to"))
        for secret in ["callback-secret", "hush"] { #expect(!kept.contains(secret)) }
    }
}
