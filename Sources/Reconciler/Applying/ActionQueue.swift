/// The actions that may leave now, grouped for batches: positions in the plan, so that a long plan takes little room.
///
/// It holds no two profiles of one eUICC, nor one whose eUICC has an operation under way: nobody has documented
/// whether an eUICC can be asked for two things at once (`thingspace.md`, section 9). Of several the one that switches
/// a profile off goes first, because that must come before switching another one on.
struct ActionQueue {
    private struct Group: Hashable {
        let account: UInt16
        let smsr: UInt16
        let action: ProfileAction
    }

    private let plan: Plan
    /// What is left of each group, last first.
    private var groups: [(group: Group, positions: [Int])] = []
    /// Halves of batches that were refused; they go first.
    private var halves: [RequestBatch] = []
    /// The group whose turn it is.
    private var turn = 0
    /// Whether it holds parts of a refused batch, which a later look would put together again.
    var holdsHalves: Bool { !halves.isEmpty }
    /// How many actions are waiting.
    private(set) var count = 0

    /// - Parameter positions: in the order of the keys.
    init(_ plan: Plan, positions: [Int]) {
        self.plan = plan
        var numbers: [Group: Int] = [:]
        for position in Self.onePerCard(plan, positions) {
            let device = plan.actions.device(at: position)
            let group = Group(account: device.account, smsr: device.smsr, action: plan.actions.action(at: position))
            let number = numbers[group] ?? groups.count
            if number == groups.count {
                numbers[group] = number
                groups.append((group, []))
            }
            groups[number].positions.append(position)
            count += 1
        }
        for number in groups.indices { groups[number].positions.reverse() }
    }

    private static func onePerCard(_ plan: Plan, _ positions: [Int]) -> [Int] {
        let busy = plan.busyCards
        var chosen: [Int] = []
        chosen.reserveCapacity(positions.count)
        for position in positions {
            let card = plan.actions.device(at: position).key.eid
            if !busy.isEmpty, busy.contains(card) { continue }
            if let last = chosen.last, plan.actions.device(at: last).key.eid == card {
                if plan.actions.action(at: position) == .disable { chosen[chosen.count - 1] = position }
            } else {
                chosen.append(position)
            }
        }
        return chosen
    }

    /// Takes a batch of at most `size` actions; the groups take turns.
    ///
    /// - Parameters:
    ///   - limit: the most devices that an account is known to take in a request; `nil` if it has refused none as too large.
    ///   - isStopped: whether nothing is sent to an account; its actions are dropped.
    mutating func next(
        size: Int, limit: (AccountName) -> Int? = { _ in nil }, isStopped: (AccountName) -> Bool
    ) -> RequestBatch? {
        while let half = halves.popLast() {
            count -= half.actions.count
            if !isStopped(half.account) { return half }
        }
        while !groups.isEmpty {
            turn %= groups.count
            let account = plan.actions.fleet.accounts[Int(groups[turn].group.account)]
            let taken = groups[turn].positions.suffix(max(1, min(size, limit(account) ?? size))).reversed().map {
                plan.actions[$0]
            }
            groups[turn].positions.removeLast(taken.count)
            count -= taken.count
            if groups[turn].positions.isEmpty {
                groups.remove(at: turn)
            } else {
                turn += 1
            }
            guard let first = taken.first, !isStopped(first.account) else { continue }
            return RequestBatch(account: first.account, smsr: first.smsr, action: first.action, actions: taken)
        }
        return nil
    }

    /// Puts the halves of a refused batch to the front.
    mutating func add(_ first: RequestBatch, _ second: RequestBatch) {
        halves += [second, first]
        count += first.actions.count + second.actions.count
    }

    mutating func removeAll() {
        groups = []
        halves = []
        count = 0
    }
}
