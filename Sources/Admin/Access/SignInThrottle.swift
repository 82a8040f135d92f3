import Reconciler
import Synchronization

/// Slows down who tries tokens: after a few wrong ones, an address has to wait before each further one, longer each time.
final class SignInThrottle: Sendable {
    private struct Attempts {
        var failures = 0
        var latest: Timestamp
        /// No attempt is looked at before.
        var nextAt: Timestamp
    }

    /// So many wrong ones are a person's mistakes.
    static let freeFailures = 5
    static let longestWait = 60
    /// A wrong token is forgotten after this.
    private static let memory = Duration.seconds(900)
    private static let capacity = 1024

    private let clock: any WallClock
    private let attempts = Mutex<[String: Attempts]>([:])

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// The whole seconds until an attempt from this address is looked at; `nil` if one is now.
    func wait(for address: String) -> Int? {
        let now = clock.now()
        return attempts.withLock { attempts in
            guard let found = attempts[address], found.nextAt > now else { return nil }
            // A clock that was set back keeps nobody out for longer.
            return min(Self.longestWait, max(1, Int(clamping: (found.nextAt - now).components.seconds)))
        }
    }

    func noteFailure(of address: String) {
        let now = clock.now()
        attempts.withLock { attempts in
            attempts = attempts.filter { $0.value.latest + Self.memory > now }
            if attempts[address] == nil, attempts.count >= Self.capacity,
                let oldest = attempts.min(by: { $0.value.latest < $1.value.latest })
            {
                attempts[oldest.key] = nil
            }
            var found = attempts[address] ?? Attempts(latest: now, nextAt: now)
            found.failures += 1
            found.latest = now
            found.nextAt = now + .seconds(Self.wait(after: found.failures))
            attempts[address] = found
        }
    }

    func noteSuccess(of address: String) { attempts.withLock { $0[address] = nil } }

    /// Seconds: none at first, then doubled by each failure.
    static func wait(after failures: Int) -> Int {
        guard failures >= freeFailures else { return 0 }
        return min(longestWait, 1 << min(failures - freeFailures, 10))
    }
}
