import Testing

@testable import Reconciler

/// Over real HTTP.
@Suite("Tokens that have ended")
struct EndedTokenTests {
    private static let shapes = [
        "", "Unauthorized", "<html>Forbidden</html>", "{\"message\":\"Unauthorized\"}",
        "{\"errorCode\":\"401\",\"errorMessage\":\"Unauthorized\"}", "{\"errorCode\":403}",
    ]

    private func request(_ carrier: any Carrier) async throws -> RequestOutcome {
        await carrier.request(.enable, for: [try Fleets.key(1)], account: Fleets.account, smsr: Fleets.smsr)
    }

    private func withServer(
        _ answer: @escaping @Sendable (ScriptedServer.Call, Int) -> ScriptedServer.Answer,
        _ work: @escaping @Sendable (any Carrier) async throws -> Void
    ) async throws -> ScriptedServer {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let server = ScriptedServer(answer)
        try await server.serving(store, work)
        let signIns = try await store.read { try $0.signIns() }
        #expect(signIns.allSatisfy { $0.refusals == 0 })
        return server
    }

    @Test("an ended bearer is renewed once, whatever shape says so", arguments: [401, 403], shapes)
    func bearer(status: Int, body: String) async throws {
        let server = try await withServer { call, _ in
            call.bearer == 1 ? ScriptedServer.Answer(status: status, body: body) : .accepted("r-1")
        } _: { carrier in
            guard case .accepted = try await request(carrier) else { return #expect(Bool(false), "not accepted") }
        }
        #expect(server.calls.count == 2)
        #expect(server.bearers == 2)
        #expect(server.sessions == 1)
    }

    @Test("an ended session is renewed once where the bearer did not help", arguments: [401, 403], shapes)
    func session(status: Int, body: String) async throws {
        let server = try await withServer { call, _ in
            call.session == 1 ? ScriptedServer.Answer(status: status, body: body) : .accepted("r-1")
        } _: { carrier in
            guard case .accepted = try await request(carrier) else { return #expect(Bool(false), "not accepted") }
        }
        #expect(server.calls.count == 3)
        #expect(server.sessions == 2)
    }

    @Test("a 403 that no token helps against renews each once, and not again for each further call")
    func forbidden() async throws {
        let server = try await withServer { _, _ in
            ScriptedServer.Answer(status: 403)
        } _: { carrier in
            for _ in 1...4 {
                guard case .refused(let refusal) = try await request(carrier) else {
                    return #expect(Bool(false), "not refused")
                }
                #expect(refusal.classification == .notSignedIn)
            }
        }
        #expect(server.calls.count == 6)
        #expect(server.bearers == 2)
        #expect(server.sessions == 2)
    }

    @Test("a bearer that the gateway refuses twice is not asked for again, and the session is left alone")
    func gatewayFault() async throws {
        let server = try await withServer { _, _ in
            ScriptedServer.Answer(status: 401, body: "{\"fault\":{\"code\":900901,\"message\":\"m\"}}")
        } _: { carrier in
            guard case .refused = try await request(carrier) else { return #expect(Bool(false), "not refused") }
        }
        #expect(server.calls.count == 2)
        #expect(server.bearers == 2)
        #expect(server.sessions == 1)
    }
}
