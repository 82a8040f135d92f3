/// Counts, per profile set, the devices whose profile is there and those of them that would change.
struct ChangeTally {
    private var present: [Int]
    private var changes: [Int]
    /// Those of the changes that take back what has moved away.
    private var corrections: [Int]
    /// Those of the corrections whose profile is not there any more.
    private var losses: [Int]

    init(setCount: Int) {
        present = Array(repeating: 0, count: setCount)
        changes = present
        corrections = present
        losses = present
    }

    /// - Parameters:
    ///   - hasDrifted: whether the change takes back what has moved away.
    ///   - isGone: whether the profile is not on the device.
    mutating func count(set: Int, wasPresent: Bool, changes isChange: Bool, hasDrifted: Bool, isGone: Bool) {
        guard wasPresent, present.indices.contains(set) else { return }
        present[set] += 1
        guard isChange else { return }
        changes[set] += 1
        guard hasDrifted else { return }
        corrections[set] += 1
        if isGone { losses[set] += 1 }
    }

    func largeChanges(in desired: DesiredFleet) -> [LargeChange] {
        // A share of a few devices says nothing, but an outage moves those of many small sets, or of all sets, at once.
        let small = present.indices.filter { present[$0] < LargeChange.smallestSet }
        let areEnough = small.reduce(0) { $0 + present[$1] } >= LargeChange.smallestSet
        let judged = areEnough ? small : Array(present.indices)
        func sum(_ counts: [Int]) -> Int { judged.reduce(0) { $0 + counts[$1] } }
        // In a fleet of a few devices a share says nothing, but no two of them lose their profiles at the same time.
        let isSmallFleet = sum(present) < LargeChange.smallestSet
        let moved = isSmallFleet ? losses : corrections
        let movesTogether = !isSmallFleet || sum(losses) > 1
        return desired.sets.indices.compactMap { index in
            let limit = desired.sets[index].rollout.maxChange
            func exceeds(_ count: Int, of all: Int) -> Bool { Double(count) * 100 > limit * Double(all) }
            let isLarge =
                present[index] < LargeChange.smallestSet
                ? movesTogether && exceeds(sum(moved), of: sum(present)) && exceeds(moved[index], of: present[index])
                : exceeds(changes[index], of: present[index])
            guard isLarge else { return nil }
            return LargeChange(
                profileSet: desired.sets[index].name, changes: changes[index], present: present[index], limit: limit)
        }
    }
}
