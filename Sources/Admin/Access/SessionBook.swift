import Crypto
import Reconciler
import Synchronization

/// The browsers that have shown the token. They are forgotten with the process, after a while, and when there are too
/// many.
final class SessionBook: Sendable {
    /// How long a session lasts after its last use.
    static let lifetime = Duration.seconds(12 * 3600)
    private static let capacity = 256

    private let clock: any WallClock
    private let ends = Mutex<[SHA256.Digest: Timestamp]>([:])

    init(clock: any WallClock) {
        self.clock = clock
    }

    func open() -> SessionKey {
        let key = SessionKey()
        let now = clock.now()
        ends.withLock { ends in
            ends = ends.filter { $0.value > now }
            if ends.count >= Self.capacity, let oldest = ends.min(by: { $0.value < $1.value }) {
                ends[oldest.key] = nil
            }
            ends[key.digest] = now + Self.lifetime
        }
        return key
    }

    /// Whether the session is open; it is prolonged by that.
    func uses(_ key: SessionKey) -> Bool {
        let now = clock.now()
        return ends.withLock { ends in
            guard let end = ends[key.digest], end > now else { return false }
            ends[key.digest] = now + Self.lifetime
            return true
        }
    }

    /// Whether the session is open.
    func contains(_ key: SessionKey) -> Bool {
        let now = clock.now()
        return ends.withLock { $0[key.digest].map { $0 > now } ?? false }
    }

    func close(_ key: SessionKey) {
        ends.withLock { $0[key.digest] = nil }
    }
}
