import Foundation
import NIOHTTP1
import Testing

@testable import Reconciler

@Suite("What HTTP demands of a request", .timeLimit(.minutes(5)))
struct HTTPRequestRulesTests {
    private static let body = "{\"username\":\"profilectl\",\"password\":\"callback-secret\",\"requestId\":\"r-1\"}"
    private static let length = "Content-Length: \(body.utf8.count)\r\n"

    private static func post(_ fields: String, version: String = "1.1", path: String = "/callbacks") -> String {
        "POST \(path) HTTP/\(version)\r\n\(fields)\(length)\r\n\(body)"
    }

    /// A listener on a store of its own, while `work` runs; it is given the port.
    private func withListener(
        _ limits: ListenerLimits = ListenerLimits(),
        _ work: @escaping @Sendable (Int, SQLiteStore) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Harness.withListener(store, limits: limits) { url in
            try await work(try #require(URLComponents(string: url)?.port), store)
        }
        withExtendedLifetime(folder) {}
    }

    private func kept(_ store: SQLiteStore) async throws -> Int64 {
        try await store.read { try $0.callbackCounts().values.reduce(0) { $0 + Int64($1) } }
    }

    @Test(
        "a host with or without a port is one; anything else is not",
        arguments: [
            ("a", true), ("fleet.example.com:9001", true), ("127.0.0.1", true), ("[::1]:443", true), ("a:", true),
            ("", true), ("xn--bcher-kva.example", true), ("a b", false), ("a,b", false), ("a/b", false),
            ("user@a", false), ("a:b", false), ("a:1:2", false), ("a:70000", false), ("[::1", false), ("[::1]x", false),
            (":80", false), ("ä", false),
        ])
    func authority(text: String, isOne: Bool) {
        #expect(HTTPRequestRules.isAuthority(text) == isOne)
    }

    @Test("a list that names close is a close", arguments: ["close", "Keep-Alive, close", "TE , Close ", "close,x"])
    func close(value: String) {
        #expect(HTTPRequestRules.namesClose([value]))
        #expect(!HTTPRequestRules.namesClose(["keep-alive", "closed, not-close"]))
    }

    @Test("what comes beside the body is bounded, and small chunks are within the bound")
    func wire() {
        let chunked = WireUse()
        for _ in 0..<100_000 {
            chunked.decoded(1)
            #expect(chunked.receive(6))
        }
        let extended = WireUse()
        #expect(extended.receive(WireUse.mostBesideBody))
        #expect(!extended.receive(1))
        extended.begin()
        #expect(extended.receive(WireUse.mostBesideBody))
    }

    @Test(
        "no host, two, or none that is one: 400; codings that nobody undoes: 501",
        arguments: [
            ("", 400), ("Host: a\r\nHost: a\r\n", 400), ("Host: a b\r\n", 400), ("Host: a,b\r\n", 400),
            ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        ])
    func refused(fields: String, status: Int) async throws {
        try await withListener { port, store in
            let coding = fields.contains("Transfer")
            let text =
                coding
                ? "POST /callbacks HTTP/1.1\r\n\(fields)\r\n5\r\nhello\r\n0\r\n\r\n" : Self.post(fields)
            let answer = try await RawHTTP.exchange(port: port, text)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(try await kept(store) == 0)
        }
    }

    @Test("100-continue is answered before the body comes")
    func expectation() async throws {
        try await withListener { port, store in
            let client = try await RawHTTP(port: port)
            try await client.send(
                "POST /callbacks HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nConnection: close\r\n\(Self.length)\r\n"
            )
            #expect(await client.text(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue\r\n"))
            try await client.send(Self.body)
            #expect(try await client.textUntilClosed().contains("HTTP/1.1 200 OK"))
            #expect(try await kept(store) == 1)
        }
    }

    @Test(
        "a connection of HTTP/1.0, and one whose client lists close, ends with the response",
        arguments: [
            ("1.0", ""), ("1.0", "Connection: keep-alive\r\n"), ("1.1", "Host: a\r\nConnection: Keep-Alive, close\r\n"),
        ])
    func ends(version: String, fields: String) async throws {
        try await withListener { port, store in
            let answer = try await RawHTTP.exchange(port: port, Self.post(fields, version: version))
            #expect(answer.hasPrefix("HTTP/\(version) 200 OK"), "\(answer)")
            #expect(!answer.lowercased().contains("chunked"))
            #expect(try await kept(store) == 1)
        }
    }

    @Test("calls that are sent one behind the other are all answered, in their order")
    func pipelined() async throws {
        try await withListener { port, _ in
            let other = "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
            let answer = try await RawHTTP.exchange(
                port: port, Self.post("Host: a\r\n") + Self.post("Host: a\r\n") + other)
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
            #expect(answer.contains("HTTP/1.1 404"))
        }
    }

    @Test("behind a refusal that ends the connection no further call is taken")
    func afterRefusal() async throws {
        try await withListener { port, store in
            let wrong = "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
            let answer = try await RawHTTP.exchange(port: port, wrong + Self.post("Host: a\r\n"))
            #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(answer)")
            #expect(!answer.contains(" 200 "))
            #expect(try await kept(store) == 0)
        }
    }

    @Test("extensions of chunks count for a limit")
    func extensions() async throws {
        try await withListener { port, store in
            let head = "POST /callbacks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let flood = "1;" + String(repeating: "x", count: 200_000)
            let answer = try await RawHTTP.exchange(port: port, head + flood)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(try await kept(store) == 0)
        }
    }
}
