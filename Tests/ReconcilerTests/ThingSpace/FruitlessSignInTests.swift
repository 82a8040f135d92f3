import Foundation
import Testing

@testable import Reconciler

/// Over real HTTP.
@Suite("Sign-ins that are not answered by the carrier")
struct FruitlessSignInTests {
    /// Answers of gateways, with what is said of each.
    private static let pages: [(ScriptedServer.Answer, [String])] = [
        (.init(status: 503, body: "<html>busy</html>", headers: ["Content-Type": "text/html"]), ["503", "text/html"]),
        (
            .init(status: 200, body: "<!DOCTYPE html><p>Hi", headers: ["Content-Type": "text/html"]),
            ["200", "text/html"]
        ),
        (.init(status: 403, body: "<html>blocked</html>"), ["403", "text/html"]),
        (.init(status: 302, headers: ["Location": "https://login.example.com/"]), ["302", "empty body"]),
        (.init(status: 200), ["200", "empty body"]), (.init(status: 502), ["502", "empty body"]),
        (.init(status: 407, body: "x", headers: ["Content-Type": "text/plain"]), ["407", "text/plain"]),
        (.init(status: 200, body: "{\"a\":1}"), ["holds no"]),
    ]

    private struct Seen: Sendable {
        var errors: [String] = []
        var refusals = 0
        var signIns = 0
    }

    /// Makes runs that each ask for the callbacks of an account.
    private func runs(_ count: Int, atLogin: Bool, _ answer: ScriptedServer.Answer) async throws -> Seen {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let server = ScriptedServer { isLogin, _ in
            isLogin == atLogin ? answer : nil
        } _: { _, _ in
            ScriptedServer.Answer(body: "[]")
        }
        var seen = Seen()
        for _ in 0..<count {
            let error = try await server.serving(store) { carrier in
                let pacer = RequestPacer(store: store, clock: SystemClock(), rates: [Fleets.account: 1000])
                return await #expect(throws: CarrierError.self) {
                    // As lists are read: again, for whatever may pass.
                    try await pacer.patiently(
                        Fleets.account, RequestPacer.Patience(repeatsFor: .whatMayPass, longestWait: .seconds(5))
                    ) {
                        try await carrier.callbackRegistrations(of: Fleets.account)
                    }
                }
            }
            seen.errors.append(error?.description ?? "")
        }
        seen.signIns = atLogin ? server.sessions : server.bearers
        seen.refusals = try await store.read { try $0.signIns() }.reduce(0) { $0 + $1.refusals }
        return seen
    }

    @Test("one is made in a run, the answer is named, and it is no refusal", arguments: pages.indices, [false, true])
    func once(page: Int, atLogin: Bool) async throws {
        let (answer, parts) = Self.pages[page]
        let seen = try await runs(1, atLogin: atLogin, answer)
        #expect(seen.signIns == 1 && seen.refusals == 0)
        for part in parts + ["no refusal of the credentials"] {
            #expect(seen.errors.first?.contains(part) == true, "\(seen.errors)")
        }
    }

    @Test("pages of gateways do not use up what only a person can renew", arguments: [0, 1, 2, 3, 6])
    func many(page: Int) async throws {
        let seen = try await runs(6, atLogin: true, Self.pages[page].0)
        #expect(seen.signIns == 6, "\(seen.errors)")
    }

    @Test("a wait follows that grows, and in one run there is none unless the carrier has accepted before")
    func pauses() throws {
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        var once = SignInPause(.oncePerRun)
        #expect(once.problem(at: now) == nil)
        #expect(once.failed("No.", at: now).description.contains("in this run"))
        #expect(once.problem(at: now + .seconds(86_400)) != nil)
        once.accepted()
        #expect(once.problem(at: now) == nil)

        for var pause in [SignInPause(.withBackoff), once] {
            for wait in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
                _ = pause.failed("No.", at: now)
                #expect(pause.problem(at: now + .seconds(wait - 1))?.kind == .signInWaits)
                #expect(pause.problem(at: now + .seconds(wait)) == nil)
            }
            _ = pause.failed("No.", at: now)
            #expect(pause.problem(at: now - .seconds(7200)) == nil, "the clock was set back")
        }
    }

    @Test("compressed answers are read")
    func compressed() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "{\"access_token\":\"bearer-1\",\"expires_in\":3600}")
        let packed = try await Binary.run(["gzip", "-k", path], in: folder.path, program: "/usr/bin/env")
        try #require(packed.exitCode == 0)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + ".gz")))
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let server = ScriptedServer { isLogin, _ in
            isLogin ? nil : ScriptedServer.Answer(bytes: bytes, headers: ["Content-Encoding": "gzip"])
        } _: { _, _ in
            ScriptedServer.Answer(body: "[]")
        }
        let registrations = try await server.serving(store) {
            try await $0.callbackRegistrations(of: Fleets.account)
        }
        #expect(registrations.isEmpty && server.calls.first?.bearer == 1)
    }

    @Test(
        "whatever a token's life is said to be, it is used for the run",
        arguments: [
            "9223372036854775807", "18446744073709551616", "1e400", "-1", "0", "\"NaN\"", "\"inf\"", "\"soon\"", "null",
            "{}", "3600", "\"3600\"", "86401",
        ])
    func lives(life: String) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let server = ScriptedServer { isLogin, number in
            isLogin
                ? nil : ScriptedServer.Answer(body: "{\"access_token\":\"bearer-\(number)\",\"expires_in\":\(life)}")
        } _: { _, _ in
            ScriptedServer.Answer(body: "[]")
        }
        try await server.serving(store) { carrier in
            for _ in 1...3 { _ = try await carrier.callbackRegistrations(of: Fleets.account) }
        }
        #expect(server.bearers == 1 && server.calls.count == 3)
    }
}
