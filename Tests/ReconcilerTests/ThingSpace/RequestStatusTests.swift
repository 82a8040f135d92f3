import Testing

@testable import Reconciler

@Suite("How far a request has come")
struct RequestStatusTests {
    private static func parts(_ name: String, _ words: String...) -> String {
        let parts = words.map { "{\"ids\":[{\"kind\":\"iccid\",\"id\":\"89\"}],\"status\":\"\($0)\"}" }
        return "{\"requestId\":\"x\",\"\(name)\":[\(parts.joined(separator: ","))]}"
    }

    @Test(
        "both documented spellings are read",
        arguments: [
            ("{\"status\":\"queued\"}", .queued), ("{\"status\":\"Processed\",\"subRequests\":[]}", .processed),
            ("{\"status\":\"FAILED\"}", .failed), (parts("subRequests", "queued", "queued"), .queued),
            (parts("subrequests", "failed"), .failed),
            ("{\"subrequests\":{\"ids\":{\"kind\":\"eid\",\"id\":\"8\"},\"status\":\"processed\"}}", .processed),
        ] as [(String, RequestStatus)])
    func documented(json: String, status: RequestStatus) throws {
        let answer = try JSONValue(json: Array(json.utf8))
        #expect(RequestStatus(answer: answer) == status)
    }

    @Test(
        "anything else is unclear, with its text",
        arguments: [
            ("{\"status\":\"on its way\"}", "on its way"), ("{}", "names no"),
            ("{\"status\":true}", "true"), ("{\"subRequests\":[]}", "names no"), ("[]", "names no"),
            (parts("subRequests", "queued", "failed"), "failed, queued"),
        ])
    func unclear(json: String, text: String) throws {
        guard case .unclear(let why) = RequestStatus(answer: try JSONValue(json: Array(json.utf8))) else {
            return #expect(Bool(false), "\(json) is taken for clear")
        }
        #expect(why.contains(text))
    }

    @Test("a carrier without it says so, over HTTP", arguments: [404, 405])
    func notOffered(status: Int) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let server = ScriptedServer { _, number in
            number == 1
                ? ScriptedServer.Answer(body: "{\"status\":\"queued\"}") : ScriptedServer.Answer(status: status)
        }
        let statuses = try await server.serving(store) { carrier in
            let first = try await carrier.requestStatus(of: RequestID("a/b"), account: Fleets.account)
            return [first, try await carrier.requestStatus(of: RequestID("a/b"), account: Fleets.account)]
        }
        #expect(statuses == [.queued, .notOffered])
        #expect(server.calls.first?.path == "/api/m2m/v2/accounts/\(Fleets.account)/requests/a%2Fb/status")
    }
}
