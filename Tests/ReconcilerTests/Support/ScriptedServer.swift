import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

@testable import Reconciler

/// A carrier over real HTTP whose answers a test writes itself. It signs in whoever asks, each time with new tokens.
final class ScriptedServer: Sendable {
    /// A call other than a sign-in.
    struct Call: Sendable {
        let path: String
        let body: String
        /// The numbers of the tokens that it carries: which token and which session since the start, from 1.
        let bearer: Int
        let session: Int

        /// The ICCIDs that it names.
        var iccids: [ICCID] {
            let devices = (try? JSONValue(json: Array(body.utf8)))?["devices"]?.elements ?? []
            return devices.flatMap { DeviceIdentifiers($0["deviceIds"]).iccids }
        }
    }

    struct Answer: Sendable {
        var status = 200
        var body = ""
        /// Instead of `body`.
        var bytes: [UInt8]?
        var headers: [String: String] = [:]

        static func accepted(_ id: String) -> Answer { Answer(body: "{\"requestId\":\"\(id)\"}") }

        static func refused(_ code: String, status: Int = 400) -> Answer {
            Answer(status: status, body: "{\"errorCode\":\"\(code)\",\"errorMessage\":\"words\"}")
        }
    }

    private struct State {
        var calls: [Call] = []
        var bearers = 0
        var sessions = 0
    }

    private let state = Mutex(State())
    private let answer: @Sendable (_ call: Call, _ number: Int) -> Answer
    private let signIn: @Sendable (_ isLogin: Bool, _ number: Int) -> Answer?

    /// - Parameters:
    ///   - signIn: answers a sign-in, by how many of its kind there were; `nil` for one that works.
    ///   - answer: of a call other than a sign-in, by how many there were, this one included.
    init(
        signIn: @escaping @Sendable (_ isLogin: Bool, _ number: Int) -> Answer? = { _, _ in nil },
        _ answer: @escaping @Sendable (_ call: Call, _ number: Int) -> Answer
    ) {
        self.signIn = signIn
        self.answer = answer
    }

    var calls: [Call] { state.withLock { $0.calls } }
    /// The calls for profile actions.
    var actions: [Call] { calls.filter { $0.path.contains("/profile/actions/") } }
    var bearers: Int { state.withLock { $0.bearers } }
    var sessions: Int { state.withLock { $0.sessions } }

    /// Answers for as long as `work` takes, which is given a client.
    func serving<Result: Sendable>(
        _ store: any StateStore, _ work: @escaping @Sendable (any Carrier) async throws -> Result
    ) async throws -> Result {
        try await whileServing { stop, onListening in
            let application = Application(
                responder: CallbackResponder<BasicRequestContext> { request, _ in try await self.respond(to: request) },
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { onListening($0.localAddress?.port ?? 0) }, logger: Harness.quiet)
            try await HTTPServing(
                server: application, connections: ConnectionTable(limit: 100), endTime: .seconds(1),
                logger: Harness.quiet
            ).run(until: stop)
        } _: { port in
            var settings = Settings()
            settings.baseURL = "http://127.0.0.1:\(port)/api"
            return try await CarrierConnection(
                settings: settings, credentials: Harness.credentials(), store: store, clock: SystemClock()
            ).withCarrier(work)
        }
    }

    private func respond(to request: Request) async throws -> Response {
        let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
        let path = request.uri.path
        let answer: Answer
        if path.hasSuffix("/oauth2/token") {
            let number = state.withLock { state in
                state.bearers += 1
                return state.bearers
            }
            answer =
                signIn(false, number) ?? Answer(body: "{\"access_token\":\"bearer-\(number)\",\"expires_in\":3600}")
        } else if path.hasSuffix("/session/login") {
            let number = state.withLock { state in
                state.sessions += 1
                return state.sessions
            }
            answer = signIn(true, number) ?? Answer(body: "{\"sessionToken\":\"session-\(number)\"}")
        } else {
            let call = Call(
                path: path, body: body, bearer: Self.number(request.headers[.authorization]),
                session: Self.number(HTTPField.Name("VZ-M2M-Token").flatMap { request.headers[$0] }))
            let number = state.withLock { state in
                state.calls.append(call)
                return state.calls.count
            }
            answer = self.answer(call, number)
        }
        var headers = HTTPFields()
        for (name, value) in answer.headers { HTTPField.Name(name).map { headers[$0] = value } }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.bytes ?? Array(answer.body.utf8))))
    }

    private static func number(_ token: String?) -> Int { token?.split(separator: "-").last.flatMap { Int($0) } ?? 0 }
}
