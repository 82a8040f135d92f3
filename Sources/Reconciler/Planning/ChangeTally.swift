/// Counts, per profile set, the devices whose profile is there and those of them that would change.
struct ChangeTally {
    private var present: [Int]
    private var changes: [Int]

    init(setCount: Int) {
        present = Array(repeating: 0, count: setCount)
        changes = present
    }

    mutating func count(set: Int, wasPresent: Bool, changes isChange: Bool) {
        guard wasPresent, present.indices.contains(set) else { return }
        present[set] += 1
        if isChange { changes[set] += 1 }
    }

    func largeChanges(in desired: DesiredFleet) -> [LargeChange] {
        desired.sets.indices.compactMap { index in
            let limit = desired.sets[index].rollout.maxChange
            guard present[index] >= LargeChange.smallestSet,
                Double(changes[index]) * 100 > limit * Double(present[index])
            else { return nil }
            return LargeChange(
                profileSet: desired.sets[index].name, changes: changes[index], present: present[index], limit: limit)
        }
    }
}
