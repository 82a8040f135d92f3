import Hummingbird
import Synchronization

@testable import Reconciler

/// A chat system's webhook: keeps what is posted to it, and answers as the test says.
final class Webhook: Sendable {
    private let state = Mutex((messages: [JSONValue](), status: 200))
    private let changes = Wakeup()

    /// What it has taken.
    var messages: [JSONValue] { state.withLock { $0.messages } }

    func answer(with status: Int) { state.withLock { $0.status = status } }

    /// Listens for as long as `work` takes, which is given the URL.
    func receiving<Result: Sendable>(
        _ work: @escaping @Sendable (String) async throws -> Result
    ) async throws -> Result {
        try await whileServing { stop, onListening in
            let application = Application(
                responder: CallbackResponder<BasicRequestContext> { request, _ in try await self.take(request) },
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { onListening($0.localAddress?.port ?? 0) }, logger: Harness.quiet)
            try await HTTPServing(
                server: application, connections: ConnectionTable(limit: 10), endTime: .seconds(1),
                logger: Harness.quiet
            ).run(until: stop)
        } _: { port in
            try await work("http://127.0.0.1:\(port)/hook")
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        let message = try JSONValue(json: Array(body.readableBytesView))
        let status = state.withLock { state in
            if state.status == 200 { state.messages.append(message) }
            return state.status
        }
        changes.notify()
        return Response(status: .init(code: status))
    }

    /// Waits until it has taken so many messages; `false` if it has not within two minutes.
    func awaits(_ count: Int) async throws -> Bool {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: changes, pollInterval: .milliseconds(500))
        return try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            self.messages.count >= count ? true : nil
        } == true
    }
}
