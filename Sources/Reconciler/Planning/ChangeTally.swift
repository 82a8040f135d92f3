/// Counts the devices whose profile is there and those of them that would change, by profile set and by account.
struct ChangeTally {
    /// What is counted of one device.
    struct Change {
        let set: Int
        let account: Int
        let isChange: Bool
        /// Whether the change takes back what has moved away.
        let hasDrifted: Bool
        /// Whether the profile is not on the device any more.
        let isGone: Bool
    }

    private var present: [Int]
    private var changes: [Int]
    /// Those of the changes that take back what has moved away.
    private var corrections: [Int]
    /// Those of the corrections whose profile is not there any more.
    private var losses: [Int]
    private var presentOfAccount: [Int]
    /// The changes of each set, by account.
    private var changesOfAccount: [[Int: Int]]

    init(setCount: Int, accountCount: Int) {
        present = Array(repeating: 0, count: setCount)
        changes = present
        corrections = present
        losses = present
        presentOfAccount = Array(repeating: 0, count: accountCount)
        changesOfAccount = Array(repeating: [:], count: setCount)
    }

    /// Counts a device whose profile is, or was, known to be there.
    mutating func count(_ device: Change) {
        let set = device.set
        guard present.indices.contains(set), presentOfAccount.indices.contains(device.account) else { return }
        present[set] += 1
        presentOfAccount[device.account] += 1
        guard device.isChange else { return }
        changes[set] += 1
        changesOfAccount[set][device.account, default: 0] += 1
        guard device.hasDrifted else { return }
        corrections[set] += 1
        if device.isGone { losses[set] += 1 }
    }

    /// What is too much. A set that is held for a narrower limit sends nothing, so that it does not count for a wider one.
    ///
    /// - Parameter maxChange: the limit for each account and for the run, in per cent.
    func largeChanges(in desired: DesiredFleet, maxChange: Double) -> [LargeChange] {
        var found = changesOfSets(in: desired)
        var held = Set(found.flatMap(\.profileSets))
        for account in presentOfAccount.indices where presentOfAccount.count > 1 {
            let sets = desired.sets.indices.filter {
                changesOfAccount[$0][account] != nil && !held.contains(desired.sets[$0].name)
            }
            let change = LargeChange(
                scope: .account(desired.accounts[account]), profileSets: sets.map { desired.sets[$0].name },
                changes: sets.reduce(0) { $0 + (changesOfAccount[$1][account] ?? 0) },
                present: presentOfAccount[account], limit: maxChange)
            if change.exceedsLimit { found.append(change) }
        }
        held = Set(found.flatMap(\.profileSets))
        let sets = desired.sets.indices.filter { changes[$0] > 0 && !held.contains(desired.sets[$0].name) }
        let all = LargeChange(
            scope: .run, profileSets: sets.map { desired.sets[$0].name }, changes: sum(changes, sets),
            present: sum(present, Array(present.indices)), limit: maxChange)
        if all.exceedsLimit { found.append(all) }
        return found
    }

    private func sum(_ counts: [Int], _ sets: [Int]) -> Int { sets.reduce(0) { $0 + counts[$1] } }

    // MARK: Profile sets

    private func changesOfSets(in desired: DesiredFleet) -> [LargeChange] {
        let isSmall = present.map { $0 < LargeChange.smallestSet }
        let large = desired.sets.indices.lazy.filter { !isSmall[$0] }.map { index in
            LargeChange(
                profileSet: desired.sets[index].name, changes: changes[index], present: present[index],
                limit: desired.sets[index].rollout.maxChange)
        }.filter(\.exceedsLimit)
        let small = present.indices.filter { isSmall[$0] }
        let areEnough = sum(present, small) >= LargeChange.smallestSet
        return large + (areEnough ? together(small, in: desired) : drifting(small, in: desired))
    }

    /// Small sets are one large set in pieces: what is too much of them all is too much for each that would change.
    private func together(_ small: [Int], in desired: DesiredFleet) -> [LargeChange] {
        let changing = Dictionary(grouping: small.filter { changes[$0] > 0 }) { desired.sets[$0].rollout.maxChange }
        return changing.sorted { $0.key < $1.key }.map { limit, sets in
            LargeChange(
                scope: .smallSets, profileSets: sets.map { desired.sets[$0].name }, changes: sum(changes, small),
                present: sum(present, small), limit: limit)
        }.filter(\.exceedsLimit)
    }

    /// A share of a few devices says nothing, but an outage moves those of all sets at once.
    private func drifting(_ small: [Int], in desired: DesiredFleet) -> [LargeChange] {
        let all = Array(present.indices)
        // In a fleet of a few devices no share says anything, but no two of them lose their profiles at the same time.
        let isSmallFleet = sum(present, all) < LargeChange.smallestSet
        let moved = isSmallFleet ? losses : corrections
        guard !isSmallFleet || sum(losses, all) > 1 else { return [] }
        return small.compactMap { index in
            let limit = desired.sets[index].rollout.maxChange
            func exceeds(_ count: Int, of all: Int) -> Bool { Double(count) * 100 > limit * Double(all) }
            guard exceeds(sum(moved, all), of: sum(present, all)), exceeds(moved[index], of: present[index]) else {
                return nil
            }
            return LargeChange(
                profileSet: desired.sets[index].name, changes: changes[index], present: present[index], limit: limit)
        }
    }
}

extension LargeChange {
    /// Whether enough devices are there for a share to say something, and it is too large.
    fileprivate var exceedsLimit: Bool {
        present >= Self.smallestSet && Double(changes) * 100 > limit * Double(present)
    }
}
