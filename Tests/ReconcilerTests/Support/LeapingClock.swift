import Synchronization

@testable import Reconciler

/// Time that leaps to when somebody wants to wake.
final class LeapingClock: WallClock {
    private let time = Mutex((now: Timestamp(milliseconds: 1_790_000_000_000), leaps: 0))

    func now() -> Timestamp { time.withLock { $0.now } }

    /// How often it has leapt.
    var leaps: Int { time.withLock { $0.leaps } }

    func sleep(until deadline: Timestamp) async throws {
        try Task.checkCancellation()
        time.withLock { time in
            guard deadline > time.now else { return }
            time.now = deadline
            time.leaps += 1
        }
    }
}
