import Hummingbird
import Reconciler
import ServiceLifecycle
import Synchronization

/// Tells the pages that people look at when they have changed (server-sent events), so that these fetch themselves
/// again.
struct ChangeStream: Sendable {
    struct Pace: Sendable {
        /// The least time between two events.
        var interval = Duration.milliseconds(500)
        /// How often a sign of life is given when nothing changes.
        var heartbeat = Duration.seconds(15)
        /// How many pages may listen at the same time.
        var watchers = 32
    }

    private let board: ControllerBoard
    private let clock: any WallClock
    private let pace: Pace
    private let seats: Seats

    init(board: ControllerBoard, clock: any WallClock, pace: Pace) {
        self.board = board
        self.clock = clock
        self.pace = pace
        seats = Seats(limit: pace.watchers)
    }

    /// How many listen.
    var watcherCount: Int { seats.taken }

    /// - Parameter mayListen: whether the one who listens may go on.
    func response(to request: Request, while mayListen: @escaping @Sendable () -> Bool) -> Response {
        guard let seat = Seat(seats) else {
            return .text(
                "Too many pages listen already.\n", contentType: "text/plain; charset=utf-8",
                status: .serviceUnavailable)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                let end = Wakeup()
                defer { withExtendedLifetime(seat) {} }
                try await withGracefulShutdownHandler {
                    try await request.body.consumeWithInboundCloseHandler { _ in
                        try await write(to: &writer, until: end, while: mayListen)
                    } onInboundClosed: {
                        end.notify()
                    }
                } onGracefulShutdown: {
                    end.notify()
                }
                try await writer.finish(nil)
            })
    }

    private func write(
        to writer: inout any ResponseBodyWriter, until end: Wakeup, while mayListen: @Sendable () -> Bool
    ) async throws {
        var seen = board.changes.count
        // A page may have missed something since it was fetched.
        try await writer.write(ByteBuffer(string: "retry: 2000\nevent: changed\ndata: \(seen)\n\n"))
        while end.count == 0, mayListen() {
            await wait(for: nil, until: end, atMost: pace.interval)
            await wait(for: seen, until: end, atMost: pace.heartbeat)
            try Task.checkCancellation()
            let count = board.changes.count
            try await writer.write(
                ByteBuffer(string: "event: \(count > seen ? "changed" : "beat")\ndata: \(count)\n\n"))
            seen = count
        }
    }

    /// Waits for a change after the `seen`th (`nil`: for none), for the end, or for the time to pass.
    private func wait(for seen: Wakeup.Count?, until end: Wakeup, atMost time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            if let seen { group.addTask { await board.changes.change(after: seen) } }
            group.addTask { await end.change(after: 0) }
            group.addTask { try? await clock.sleep(until: clock.now() + time) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Counts who listens.
private final class Seats: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    var taken: Int { count.withLock { $0 } }

    func take() -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

/// The place of one who listens; it is free again when the answer is over, or was never given.
private final class Seat: Sendable {
    private let seats: Seats

    init?(_ seats: Seats) {
        guard seats.take() else { return nil }
        self.seats = seats
    }

    deinit { seats.leave() }
}
