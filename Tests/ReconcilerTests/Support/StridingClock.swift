import Synchronization

@testable import Reconciler

/// The time on a machine so busy that a part of a second has passed whenever somebody asks.
final class StridingClock: WallClock {
    private let time = Mutex(Timestamp(milliseconds: 1_790_000_000_000))
    private let stride: Duration

    init(stride: Duration) {
        self.stride = stride
    }

    func now() -> Timestamp {
        time.withLock { time in
            time = time + stride
            return time
        }
    }

    func sleep(until deadline: Timestamp) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline) }
    }
}
