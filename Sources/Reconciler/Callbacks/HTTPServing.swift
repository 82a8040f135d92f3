import Hummingbird
import Logging
import ServiceLifecycle

/// Runs an HTTP application until it is told to stop, and lets calls that are under way end first.
package struct HTTPServing<Server: Service>: Sendable {
    private let server: Server
    private let logger: Logger

    package init(server: Server, logger: Logger) {
        self.server = server
        self.logger = logger
    }

    /// - Parameter stop: the server ends after the first change of it.
    /// - Throws: an error of the socket; `CancellationError`.
    package func run(until stop: Wakeup) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                await stop.change(after: 0)
                await group.triggerGracefulShutdown()
            }
            // The first to end is the server, or the wait for the stop, which makes the server end.
            defer { tasks.cancelAll() }
            try await tasks.next()
            if stop.count > 0 { try await tasks.next() }
        }
    }
}
