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
    /// How long the end may take.
    let endTime: Duration
    let clock: any WallClock
    let logger: Logger
    /// Whether others serve the same socket when this one ends, and more calls may come for them.
    let othersListen: @Sendable () async -> Bool

    /// How long the first call of a connection that was taken just before the end is waited for, at most.
    private static let firstCallTime = Duration.seconds(2)
    /// How long a call may take to come on a connection that has brought some, where calls may come.
    private static let restTime = Duration.seconds(1)

    /// Takes connections until `stop` changes, and lets the calls that are under way end first.
    /// - Throws: an error of the socket; `CancellationError`.
    func run(
        _ child: some ServerChildChannel, until stop: Wakeup, onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let door = try ListeningDoor(
            socket, pause: { [connections] in connections.pause() }, onTaken: { [connections] in connections.expect() })
        defer { door.close() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { calls in
                    for await arrival in door.arrivals {
                        guard let descriptor = arrival.take() else { continue }
                        calls.addTask { await serve(descriptor, child) }
                    }
                }
                return true
            }
            group.addTask {
                await onListening(socket.port)
                await stop.change(after: 0)
                // What waits to be taken is left to other processes.
                door.close()
                let longest = endTime / 2
                var end = ListenerEnd(
                    restTime: TimeAmount(min(Self.restTime, longest)),
                    firstCallTime: TimeAmount(min(Self.firstCallTime, longest)))
                connections.end(end)
                // The answer may take its time.
                if await !othersListen() {
                    end.restTime = .zero
                    connections.end(end)
                }
                return false
            }
            group.addTask {
                await stop.change(after: 0)
                try await clock.sleep(until: clock.now() + endTime)
                connections.closeAll()
                return false
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    private func serve(_ descriptor: CInt, _ child: some ServerChildChannel) async {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
        // Who is refused is hung up on, and counted where that is decided.
        let value = try? await bootstrap.withConnectedSocket(
            descriptor, channelInitializer: { [logger] in child.setup(channel: $0, logger: logger) })
        connections.expectNoMore()
        guard let value else { return }
        await child.handle(value: value, logger: logger)
    }
}
