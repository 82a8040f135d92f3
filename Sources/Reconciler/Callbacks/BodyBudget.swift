import Synchronization

/// How many bytes of bodies may be held at the same time by all connections of a listener.
///
/// The beginning of each body is not counted, so that those who hold long ones cannot keep out the short ones that
/// the carrier sends: how much all beginnings are is bounded by the number of connections.
final class BodyBudget: Sendable {
    /// As long as a callback about one device ever is, several times over.
    static let freeSize = 16 << 10

    private let limit: Int
    private let held = Mutex(0)

    /// - Parameter limit: in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// The share of one body, to be ended when the body is no longer held.
    func share() -> Share { Share(of: self) }

    final class Share {
        private let budget: BodyBudget
        private var size = 0
        private var counted: Int { max(0, size - BodyBudget.freeSize) }

        fileprivate init(of budget: BodyBudget) {
            self.budget = budget
        }

        /// Gives all of it back.
        func end() {
            budget.held.withLock { $0 -= counted }
            size = 0
        }

        /// - Returns: whether there is room for so many bytes more; if not, nothing is taken.
        func grow(by count: Int) -> Bool {
            let further = max(0, size + count - BodyBudget.freeSize) - counted
            let hasRoom = budget.held.withLock { held in
                guard further == 0 || held + further <= budget.limit else { return false }
                held += further
                return true
            }
            if hasRoom { size += count }
            return hasRoom
        }
    }
}
