import Synchronization

/// How many bytes of bodies may be held at the same time by all connections of a listener.
///
/// Three kinds of bodies share nothing that matters to the next better one: those of which nothing shows that the carrier
/// sends them have a budget of their own, and a limit for each client's address; callbacks take no more than their part of
/// what device lists may take. The beginning of each body is not counted, so that those who hold long ones cannot keep out
/// the short ones that the carrier sends: how much all beginnings are is bounded by the number of connections.
final class BodyBudget: Sendable {
    /// As long as a callback about one device ever is, several times over.
    static let freeSize = 16 << 10

    /// What is known of a body's sender.
    enum Kind: Hashable {
        /// Nothing; the address counts.
        case unproven(client: String)
        case callback
        /// May be the answer to a device list.
        case list
    }

    private struct Held {
        var all = 0
        var callbacks = 0
        var unproven = 0
        var unprovenByClient: [String: Int] = [:]
    }

    private let limits: ListenerLimits
    private let held = Mutex(Held())

    init(_ limits: ListenerLimits) {
        self.limits = limits
    }

    /// The share of one body, to be ended when the body is no longer held.
    func share(_ kind: Kind) -> Share { Share(of: self, kind) }

    /// - Returns: whether there is room; if not, nothing is taken.
    private func take(_ count: Int, _ kind: Kind) -> Bool {
        guard count > 0 else { return true }
        return held.withLock { held in
            switch kind {
            case .unproven(let client):
                let ofClient = held.unprovenByClient[client, default: 0] + count
                guard held.unproven + count <= min(limits.unprovenSize, limits.bodiesSize),
                    ofClient <= limits.unprovenSizePerClient
                else { return false }
                held.unproven += count
                held.unprovenByClient[client] = ofClient
            case .callback:
                guard held.all + count <= limits.bodiesSize, held.callbacks + count <= limits.callbacksSize else {
                    return false
                }
                held.all += count
                held.callbacks += count
            case .list:
                guard held.all + count <= limits.bodiesSize else { return false }
                held.all += count
            }
            return true
        }
    }

    private func giveBack(_ count: Int, _ kind: Kind) {
        guard count > 0 else { return }
        held.withLock { held in
            switch kind {
            case .unproven(let client):
                held.unproven -= count
                let rest = held.unprovenByClient[client, default: 0] - count
                held.unprovenByClient[client] = rest > 0 ? rest : nil
            case .callback:
                held.all -= count
                held.callbacks -= count
            case .list:
                held.all -= count
            }
        }
    }

    final class Share {
        private let budget: BodyBudget
        private var kind: Kind
        private var size = 0
        private var counted: Int { max(0, size - BodyBudget.freeSize) }

        fileprivate init(of budget: BodyBudget, _ kind: Kind) {
            self.budget = budget
            self.kind = kind
        }

        /// Gives all of it back.
        func end() {
            budget.giveBack(counted, kind)
            size = 0
        }

        /// - Returns: whether there is room for so many bytes more; if not, nothing is taken.
        func grow(by count: Int) -> Bool {
            let further = max(0, size + count - BodyBudget.freeSize) - counted
            guard budget.take(further, kind) else { return false }
            size += count
            return true
        }

        /// More is known of the sender.
        /// - Returns: whether the other budget has room; if not, nothing changes.
        func move(to other: Kind) -> Bool {
            guard budget.take(counted, other) else { return false }
            budget.giveBack(counted, kind)
            kind = other
            return true
        }
    }
}
