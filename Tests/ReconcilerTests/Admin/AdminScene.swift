import AsyncHTTPClient
import Foundation
import NIOCore
import Synchronization

@testable import Admin
@testable import Reconciler

/// A real admin endpoint on loopback, over a real store and a board that the test fills.
struct AdminScene: Sendable {
    static let token = "a-token-of-the-tests"

    struct Answer: Sendable {
        let status: Int
        let body: String
        let headers: [String: String]

        /// What a browser sends back of the cookie that it was given.
        var cookie: String? { headers["set-cookie"]?.split(separator: ";").first.map(String.init) }

        /// What the forms of a page carry.
        var seal: String? {
            body.firstMatch(of: #/name="seal" value="([^"]+)"/#).map { String($0.1) }
        }
    }

    let url: String
    let store: SQLiteStore
    let board: ControllerBoard
    /// Told when a person pauses or resumes.
    let wakeup: Wakeup
    let clock: ManualClock
    /// Cuts the endpoint off from the store.
    let outage: StoreOutage
    private let client: HTTPClient

    /// - Parameters:
    ///   - work: is to be over before the endpoint ends.
    ///   - clock: what sessions go by; the time of the board and of the store is the machine's.
    static func run(
        token: String? = nil, status: ControllerStatus? = nil, tls: CallbackTLS? = nil,
        pace: ChangeStream.Pace = .init(),
        limits: ListenerLimits = .admin, _ work: @escaping @Sendable (AdminScene) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let board = ControllerBoard(try status ?? SampleController.status(now: clock.now()))
        let wakeup = Wakeup()
        let outage = StoreOutage(store)
        var server = AdminServer(
            configuration: try AdminConfiguration(
                host: "127.0.0.1", port: 0, token: try token.map { try AdminToken($0) }, tls: tls, limits: limits),
            board: board, store: outage, wakeup: wakeup, clock: clock, logger: Harness.quiet, version: "1.2.3-test")
        server.pace = pace
        let client = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            configuration: .init(redirectConfiguration: .disallow))
        do {
            try await whileServing { [server] stop, onListening in
                try await server.run(until: stop, onListening: onListening)
            } _: { port in
                try await work(
                    AdminScene(
                        url: "\(tls == nil ? "http" : "https")://127.0.0.1:\(port)", store: store, board: board,
                        wakeup: wakeup, clock: clock, outage: outage, client: client))
            }
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
        withExtendedLifetime(folder) {}
    }

    func call(
        _ path: String, _ method: String = "GET", headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 16 << 20))
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Answer(
            status: Int(response.status.code), body: text, headers: Dictionary(fields) { first, _ in first })
    }

    /// Sends a form as a browser does.
    func submit(
        _ path: String, _ form: [String: String], cookie: String? = nil, origin: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var parts = URLComponents()
        parts.queryItems = form.map { URLQueryItem(name: $0.key, value: $0.value) }
        var all = ["Content-Type": "application/x-www-form-urlencoded", "Origin": origin ?? url]
        if let cookie { all["Cookie"] = cookie }
        all.merge(headers) { $1 }
        return try await call(path, "POST", headers: all, body: parts.percentEncodedQuery ?? "")
    }

    /// Signs in as a person does, and gives the cookie.
    func signIn() async throws -> String? {
        try await submit("/login", ["token": Self.token]).cookie
    }

    /// The beginning of an answer that does not end by itself.
    func stream(
        _ path: String, headers: [String: String] = [:], until isEnough: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        var request = HTTPClientRequest(url: url + path)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await client.execute(request, timeout: .seconds(60))
        var text = ""
        for try await part in response.body {
            text += String(buffer: part)
            if isEnough(text) { break }
        }
        return text
    }
}

/// A store that can be cut off.
final class StoreOutage: StateStore {
    private let store: any StateStore
    private let isCutOff = Mutex(false)

    init(_ store: any StateStore) {
        self.store = store
    }

    var location: String { store.location }

    func begin() { isCutOff.withLock { $0 = true } }

    func end() { isCutOff.withLock { $0 = false } }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StateReader) throws -> Result
    ) async throws -> Result {
        try check()
        return try await store.read(body)
    }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result {
        try check()
        return try await store.write(body)
    }

    private func check() throws {
        guard isCutOff.withLock({ $0 }) else { return }
        throw StateStoreError(.cannotOpen, "The state store cannot be opened.")
    }
}
