import Foundation
import Testing

@testable import Reconciler
@testable import Simulator

@Suite("The simulator's answers break as those of gateways do", .timeLimit(.minutes(5)))
struct AnswerFaultTests {
    /// What comes for one call of the v1 list, as it stands on the wire.
    private func answer(
        _ fault: CarrierFault, seed: UInt64 = 1, _ set: (inout SimulatorOptions) -> Void = { _ in }
    ) async throws -> String {
        var options = SimulatorOptions()
        options.seed = seed
        options.faults = [fault]
        options.faultRate = 1
        options.slowAnswer = 0.2
        set(&options)
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        return try await Harness.withSimulator(Harness.inventory(fleet), options) { _, baseURL in
            let headers = try await Harness.signIn(baseURL)
            let port = try #require(URL(string: baseURL)?.port)
            let body = "{\"accountName\":\"\(Fleets.account)\"}"
            let lines =
                ["POST /api/m2m/v1/devices/actions/list HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
                + headers.map { "\($0): \($1)" } + ["Content-Length: \(body.utf8.count)", "", body]
            return try await RawHTTP.exchange(port: port, lines.joined(separator: "\r\n"))
        }
    }

    private func length(_ answer: String) throws -> (told: Int, come: Int) {
        let told = try #require(answer.firstMatch(of: #/(?i)content-length: ([0-9]+)/#)).output.1
        let parts = answer.components(separatedBy: "\r\n\r\n")
        return (try #require(Int(told)), parts.dropFirst().joined(separator: "\r\n\r\n").utf8.count)
    }

    @Test("an answer stalls behind its head, or trickles to its end")
    func slowBodies() async throws {
        let stalled = try length(try await answer(.stalled))
        #expect(stalled.come > 0 && stalled.come < stalled.told)
        let trickled = try length(try await answer(.trickling))
        #expect(trickled.come == trickled.told)
    }

    @Test("gateways answer with pages, redirections and errors that repeat what was sent")
    func gateways() async throws {
        let redirect = try await answer(.redirect)
        #expect(redirect.hasPrefix("HTTP/1.1 302 ") && redirect.contains("signin.example.com"))
        let busy = try await answer(.gatewayBusy)
        #expect(busy.hasPrefix("HTTP/1.1 503 ") && busy.contains("<html>"))
        #expect(!busy.lowercased().contains("retry-after"))
        let echo = try await answer(.echo)
        #expect(echo.hasPrefix("HTTP/1.1 500 "))
        #expect(echo.contains("Bearer ") && echo.contains(Fleets.account.description))
        let odd = try await answer(.oddRetryAfter)
        #expect(odd.hasPrefix("HTTP/1.1 503 ") && odd.lowercased().contains("retry-after: "))
        #expect(try await answer(.gzip).lowercased().contains("content-encoding: gzip"))
    }

    @Test("what is sent in gzip is what gunzip reads")
    func gzip() async throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "abc", count: 50_000)
        try folder.write("text.gz", Data(Gzip.encode(Array(text.utf8))))
        let result = try await Binary.run(["gunzip", "-c", "text.gz"], in: folder.path, program: "/usr/bin/env")
        #expect(result.exitCode == 0 && result.output == text)
    }

    @Test("tokens say odd things of their life")
    func tokens() async throws {
        var options = SimulatorOptions()
        options.carrierFaults = [.oddExpiresIn]
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet), options) { _, baseURL in
            let basic = Data("simulator-key:simulator-secret".utf8).base64EncodedString()
            var answers: Set<String> = []
            for _ in 0..<8 {
                answers.insert(
                    try await Harness.call(
                        "POST", baseURL + "/ts/v1/oauth2/token",
                        headers: [
                            "Authorization": "Basic \(basic)", "Content-Type": "application/x-www-form-urlencoded",
                        ], body: Data("grant_type=client_credentials".utf8)
                    ).body)
            }
            #expect(answers.count == 8 && answers.contains { $0.contains("9223372036854775807") })
        }
    }
}
