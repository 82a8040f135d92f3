import Hummingbird
import Logging
import ServiceLifecycle

/// Runs an HTTP application until it is told to stop, and lets calls that are under way end first.
package struct HTTPServing<Server: Service>: Sendable {
    private let server: Server
    private let connections: ConnectionTable
    private let endTime: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - connections: those of the server.
    ///   - endTime: how long the end may take: what has not come whole by then is hung up on.
    package init(server: Server, connections: ConnectionTable, endTime: Duration, logger: Logger) {
        self.server = server
        self.connections = connections
        self.endTime = endTime
        self.logger = logger
    }

    /// - Parameter stop: the server ends after the first change of it.
    /// - Throws: an error of the socket; `CancellationError`.
    package func run(until stop: Wakeup) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger))
        // A task of its own, which nobody cancels: connections that were accepted and that nobody has taken when a server
        // is cancelled end the process (NIOAsyncWriter traps, swift-nio #2637). It is always ended in order.
        let serving = Task { try await group.run() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await serving.value }
            tasks.addTask {
                // Ends when this task is cancelled, too.
                await stop.change(after: 0)
                await group.triggerGracefulShutdown()
                try? await Task.sleep(for: endTime)
                connections.closeAll()
                try await serving.value
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
        try Task.checkCancellation()
    }
}
