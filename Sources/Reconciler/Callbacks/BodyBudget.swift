import Synchronization

/// How many bytes of bodies may be held at the same time by all connections of a listener.
final class BodyBudget: Sendable {
    private let limit: Int
    private let held = Mutex(0)

    /// - Parameter limit: in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: whether there was room; then `release` as many.
    func take(_ size: Int) -> Bool {
        held.withLock { held in
            guard held + size <= limit else { return false }
            held += size
            return true
        }
    }

    func release(_ size: Int) {
        held.withLock { $0 -= size }
    }
}
