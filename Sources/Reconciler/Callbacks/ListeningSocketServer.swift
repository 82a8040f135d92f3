import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Serves HTTP on a listening socket that other processes may be serving too.
///
/// Hummingbird's own server binds a socket for itself.
struct ListeningSocketServer: Sendable {
    let socket: ListeningSocket
    let connections: ConnectionTable
    let clock: any WallClock
    let logger: Logger

    /// How long the first call of a connection that was taken just before the end is waited for.
    private static let graceTime = Duration.seconds(2)

    /// Takes connections until `stop` changes, and lets the calls that are under way end first.
    /// - Throws: an error of the socket; `CancellationError`.
    func run(
        _ child: some ServerChildChannel, until stop: Wakeup, onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let door = try ListeningDoor(socket)
        defer { door.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { calls in
                    for await descriptor in door.arrivals {
                        calls.addTask { await serve(descriptor, child) }
                    }
                }
            }
            group.addTask {
                await onListening(socket.port)
                await stop.change(after: 0)
                // What waits to be taken is left to other processes.
                door.close()
                try await letNewcomersCall()
                connections.endWhenIdle()
            }
            defer { group.cancelAll() }
            try await group.next()
            if stop.count > 0 { try await group.next() }
        }
    }

    private func serve(_ descriptor: CInt, _ child: some ServerChildChannel) async {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
        // Who is refused is hung up on, and counted where that is decided.
        guard
            let value = try? await bootstrap.withConnectedSocket(
                descriptor, channelInitializer: { [logger] in child.setup(channel: $0, logger: logger) })
        else { return }
        await child.handle(value: value, logger: logger)
    }

    /// A connection that was taken, and has brought no call yet, would be lost for who has made it.
    private func letNewcomersCall() async throws {
        let end = clock.now() + Self.graceTime
        while connections.hasNewcomers, clock.now() < end {
            try await clock.sleep(until: clock.now() + .milliseconds(10))
        }
    }
}
