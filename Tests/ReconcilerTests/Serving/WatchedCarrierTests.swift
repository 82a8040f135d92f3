import AsyncHTTPClient
import Simulator
import Testing

@testable import Reconciler

@Suite("What calls show of the carrier")
struct WatchedCarrierTests {
    @Test("one that answers is there, whatever it says; one that does not, or lets nobody in, is shown with why")
    func signs() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let board = ControllerBoard(ControllerStatus(startedAt: clock.now(), manifests: .init(origin: "a test")))
        // Its connections end with it: the simulator waits for them.
        let http = HTTPTransport.makeClient()
        @Sendable func call(_ carrier: ThingSpaceClient) async {
            _ = try? await WatchedCarrier(carrier: carrier, board: board, clock: clock).device(Fleets.iccid(1))
        }
        @Sendable func client(_ baseURL: String, password: String? = nil) throws -> ThingSpaceClient {
            ThingSpaceClient(
                baseURL: try BaseURL(baseURL), credentials: Harness.credentials(password: password),
                ledger: StoredSignInLedger(store: store, clock: clock), client: http, clock: clock)
        }
        let begin = clock.now()
        await call(try client("http://127.0.0.1:1/api"))
        clock.advance(by: .seconds(1))
        await call(try client("http://127.0.0.1:1/api"))
        guard case .unreachable(begin, calls: 2, _) = board.current.carrier else {
            Issue.record("\(board.current.carrier)")
            return
        }
        #expect(board.current.carrier.problem?.contains("cannot be reached since \(begin)") == true)
        #expect(board.current.degradations == ["the carrier cannot be reached"])
        try await Harness.withSimulator([]) { _, baseURL in
            await call(try client(baseURL))
            #expect(board.current.carrier == .answers(since: clock.now()))
            await call(try client(baseURL, password: "wrong"))
            guard case .noSignIn(_, let reason) = board.current.carrier else {
                Issue.record("\(board.current.carrier)")
                return
            }
            #expect(reason.contains("`profilectl serve`, again"), "\(reason)")
            try await http.shutdown()
        }
    }

    @Test("an answer that is not the carrier's is shown for what it is, in the log at the first one")
    func pageOfGateway() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let board = ControllerBoard(ControllerStatus(startedAt: clock.now(), manifests: .init(origin: "a test")))
        let log = LogRecorder()
        let server = ScriptedServer { _, number in
            number <= 2
                ? ScriptedServer.Answer(status: 502, body: "<html>", headers: ["Content-Type": "text/html"])
                : ScriptedServer.Answer(body: "[]")
        }
        try await server.serving(store) { carrier in
            let watched = WatchedCarrier(carrier: carrier, board: board, clock: clock, logger: log.logger)
            for calls in 1...2 {
                _ = try? await watched.callbackRegistrations(of: Fleets.account)
                guard case .unusable(_, calls, let reason) = board.current.carrier else {
                    return #expect(Bool(false), "\(board.current.carrier)")
                }
                #expect(reason.contains("502") && reason.contains("text/html"))
            }
            #expect(board.current.carrier.problem?.contains("cannot be reached") == false)
            _ = try await watched.callbackRegistrations(of: Fleets.account)
        }
        #expect(board.current.carrier == .answers(since: clock.now()))
        #expect(log.lines.map(\.level) == [.warning, .notice])
        #expect(log.lines.first?.message.contains("502") == true)
    }

    @Test("a fleet of whose accounts no callbacks come is not ready; one account of several is only said")
    func silence() {
        var status = ControllerStatus(
            startedAt: Timestamp(milliseconds: 0), manifests: .init(origin: "a test"))
        status.accounts = ["a", "b"].map { ControllerStatus.AccountStatus(name: AccountName($0)) }
        let reason = "the callbacks of no account come here"
        func isSaid() -> Bool { status.unreadiness(at: Timestamp(milliseconds: 0)).contains(reason) }
        #expect(!isSaid())
        status.accounts[0].registrationProblem = "Elsewhere."
        #expect(!isSaid())
        status.accounts[1].silence = "Nothing comes."
        #expect(isSaid())
        status.accounts[0].registrationProblem = nil
        #expect(!isSaid())
    }

    @Test("one that takes no token lets nobody in: the controller is not ready")
    func endedTokens() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let board = ControllerBoard(ControllerStatus(startedAt: clock.now(), manifests: .init(origin: "a test")))
        let server = ScriptedServer { _, number in
            number <= 3 ? ScriptedServer.Answer(status: 401) : .accepted("r-\(number)")
        }
        let conditions = try await server.serving(store) { carrier in
            let watched = WatchedCarrier(carrier: carrier, board: board, clock: clock)
            var conditions: [CarrierCondition] = []
            for _ in 1...2 {
                _ = await watched.request(
                    .enable, for: [try Fleets.key(1)], account: Fleets.account, smsr: Fleets.smsr)
                conditions.append(board.current.carrier)
            }
            return conditions
        }
        guard case .noSignIn = conditions[0] else { return #expect(Bool(false), "\(conditions)") }
        #expect(conditions[1] == .answers(since: clock.now()))
    }
}
