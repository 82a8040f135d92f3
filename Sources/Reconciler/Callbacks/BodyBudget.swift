import Synchronization

/// How many bytes of bodies may be held at the same time by all connections of a listener.
///
/// The beginning of each body is not counted, so that those who hold long ones cannot keep out the short ones that
/// the carrier sends: how much all beginnings are is bounded by the number of connections.
final class BodyBudget: Sendable {
    /// As long as a callback about one device ever is, several times over.
    static let freeSize = 16 << 10

    private struct Held {
        var all = 0
        var callbacks = 0
    }

    private let limit: Int
    private let callbackLimit: Int
    private let held = Mutex(Held())

    /// - Parameters:
    ///   - limit: of all bodies, in bytes.
    ///   - callbackLimit: of those among them that are no answers to device lists.
    init(limit: Int, callbackLimit: Int) {
        self.limit = limit
        self.callbackLimit = callbackLimit
    }

    /// The share of one body, to be ended when the body is no longer held.
    /// - Parameter mayBeList: whether it may be the answer to a device list.
    func share(mayBeList: Bool) -> Share { Share(of: self, mayBeList: mayBeList) }

    /// - Returns: whether there is room; if not, nothing is taken.
    private func take(_ count: Int, mayBeList: Bool) -> Bool {
        held.withLock { held in
            let hasRoom =
                held.all + count <= limit && (mayBeList || held.callbacks + count <= callbackLimit)
            guard count == 0 || hasRoom else { return false }
            held.all += count
            if !mayBeList { held.callbacks += count }
            return true
        }
    }

    private func giveBack(_ count: Int, mayBeList: Bool) {
        held.withLock { held in
            held.all -= count
            if !mayBeList { held.callbacks -= count }
        }
    }

    final class Share {
        private let budget: BodyBudget
        private let mayBeList: Bool
        private var size = 0
        private var counted: Int { max(0, size - BodyBudget.freeSize) }

        fileprivate init(of budget: BodyBudget, mayBeList: Bool) {
            self.budget = budget
            self.mayBeList = mayBeList
        }

        /// Gives all of it back.
        func end() {
            budget.giveBack(counted, mayBeList: mayBeList)
            size = 0
        }

        /// - Returns: whether there is room for so many bytes more; if not, nothing is taken.
        func grow(by count: Int) -> Bool {
            let further = max(0, size + count - BodyBudget.freeSize) - counted
            guard budget.take(further, mayBeList: mayBeList) else { return false }
            size += count
            return true
        }
    }
}
