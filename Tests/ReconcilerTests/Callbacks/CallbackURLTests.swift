import Foundation
import Testing

@testable import Reconciler

@Suite("URLs that the carrier calls")
struct CallbackURLTests {
    @Test(
        "one URL is the same however it is spelt",
        arguments: [
            ("https://Fleet.example.com:443/a", "HTTPS://fleet.example.com/a", true),
            ("http://h/a%20b", "http://h/a b", true), ("http://h/~a%c3%a4", "http://h:80/~aä", true),
            ("http://h", "http://h/", true), ("http://h/a?x=1#y", "http://h/a?x=1", true),
            ("http://h/a%2Fb", "http://h/a%2fb", true), ("http://h/a%2Fb", "http://h/a/b", false),
            ("http://h/a", "http://h/A", false), ("http://h/%61", "http://h/a", false),
            ("http://h:9001/a", "http://h/a", false),
            ("http://u:p@h/a", "http://h/a", false), ("http://h/a", "https://h/a", false),
        ])
    func spellings(left: String, right: String, isSame: Bool) {
        #expect((CallbackURL(left) == CallbackURL(right)) == isSame)
    }

    @Test("a registered URL is a valid one, and a shown one holds no password")
    func registered() {
        #expect(CallbackURL("https://h/a b/ä%2F%zz").normalized == "https://h/a%20b/%C3%A4%2F%25zz")
        #expect("\(CallbackURL("https://u:hush@h/a"))" == "https://<redacted>@h/a")
        #expect(CallbackURL("https://u:hush@h/a").normalized == "https://u:hush@h/a")
    }

    @Test("callbacks come however callbacks.url is written", arguments: ["/a%2Fb", "/a%20b", "/a b", "/ä", "/a;v=1"])
    func delivered(path: String) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var settings = Settings()
        settings.callbackListen = "127.0.0.1:0"
        settings.callbackURL = "http://127.0.0.1:9001\(path)"
        let endpoint = try CallbackEndpoint(
            settings, credentials: Harness.callbackCredentials, carrierIsLoopback: true)
        let listener = CallbackListener(
            configuration: endpoint.configuration, store: store, clock: SystemClock(), policy: ConvergencePolicy(),
            wakeup: Wakeup(), logger: Harness.quiet)
        let body = Data(#"{"username":"profilectl","password":"callback-secret","requestId":"r-1"}"#.utf8)
        try await whileServing { stop, onListening in
            try await listener.run(until: stop, onListening: onListening)
        } _: { port in
            let registered = endpoint.url(port: port).replacing("127.0.0.1:9001", with: "127.0.0.1:\(port)")
            let ours = try await Harness.call("POST", registered, body: body)
            #expect(ours.status == 200, "\(registered)")
            let other = try await Harness.call("POST", "http://127.0.0.1:\(port)/other", body: body)
            #expect(other.status == 404)
        }
    }
}
