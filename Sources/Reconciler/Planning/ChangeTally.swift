/// Counts, per profile set, the devices whose profile is there and those of them that would change.
struct ChangeTally {
    private var present: [Int]
    private var changes: [Int]
    /// Those of the changes that take back what has moved away.
    private var corrections: [Int]

    init(setCount: Int) {
        present = Array(repeating: 0, count: setCount)
        changes = present
        corrections = present
    }

    mutating func count(set: Int, wasPresent: Bool, changes isChange: Bool, hasDrifted: Bool) {
        guard wasPresent, present.indices.contains(set) else { return }
        present[set] += 1
        guard isChange else { return }
        changes[set] += 1
        if hasDrifted { corrections[set] += 1 }
    }

    func largeChanges(in desired: DesiredFleet) -> [LargeChange] {
        // A share of a few devices says nothing, but an outage moves those of many small sets, or of all sets, at once.
        let small = present.indices.filter { present[$0] < LargeChange.smallestSet }
        let areEnough = small.reduce(0) { $0 + present[$1] } >= LargeChange.smallestSet
        let judged = areEnough ? small : Array(present.indices)
        let presentInJudged = judged.reduce(0) { $0 + present[$1] }
        let correctionsInJudged = judged.reduce(0) { $0 + corrections[$1] }
        return desired.sets.indices.compactMap { index in
            let limit = desired.sets[index].rollout.maxChange
            func exceeds(_ count: Int, of all: Int) -> Bool {
                all >= LargeChange.smallestSet && Double(count) * 100 > limit * Double(all)
            }
            let isLarge =
                present[index] < LargeChange.smallestSet
                ? exceeds(correctionsInJudged, of: presentInJudged)
                    && Double(corrections[index]) * 100 > limit * Double(present[index])
                : exceeds(changes[index], of: present[index])
            guard isLarge else { return nil }
            return LargeChange(
                profileSet: desired.sets[index].name, changes: changes[index], present: present[index], limit: limit)
        }
    }
}
