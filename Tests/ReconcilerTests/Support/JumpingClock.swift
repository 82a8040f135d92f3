import Foundation
import Synchronization

@testable import Reconciler

/// The machine's time from another day on, which a test can put forward: whoever sleeps until then wakes. For parts
/// that wait for moments among those that wait for hours.
final class JumpingClock: WallClock {
    private let ahead: Mutex<Duration>
    private let jumped = Wakeup()
    private let machine = SystemClock()

    init(at start: Timestamp) {
        ahead = Mutex(start - SystemClock().now())
    }

    func now() -> Timestamp { machine.now() + ahead.withLock { $0 } }

    func jump(to time: Timestamp) {
        ahead.withLock { $0 = time - machine.now() }
        jumped.notify()
    }

    func sleep(until deadline: Timestamp) async throws {
        while true {
            let seen = jumped.count
            let rest = deadline - now()
            guard rest > .zero else { return }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [jumped] in await jumped.change(after: seen) }
                group.addTask { try await Task.sleep(for: rest) }
                defer { group.cancelAll() }
                try await group.next()
            }
            try Task.checkCancellation()
        }
    }
}

extension Timestamp {
    /// A time as people write it: `2026-03-08T07:00:00Z`.
    init(written text: String) throws {
        self.init(milliseconds: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970 * 1000))
    }
}
