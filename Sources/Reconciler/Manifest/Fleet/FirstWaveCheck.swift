/// Warns of a first wave that is too small for its failures to stop the rollout: then it protects nothing, and the next wave
/// leaves however many of it have failed.
enum FirstWaveCheck {
    static func check(_ fleet: DesiredFleet, complaints: inout ComplaintList) {
        let judged = fleet.sets.indices.filter { index in
            let policy = fleet.sets[index].rollout
            return policy.abortWhen != nil && !policy.waves.isEmpty
        }
        guard !judged.isEmpty else { return }
        var counts = [Int](repeating: 0, count: fleet.sets.count)
        for device in fleet.devices { counts[Int(device.set)] += 1 }
        for index in judged {
            let policy = fleet.sets[index].rollout
            guard let rule = policy.abortWhen, counts[index] > 0 else { continue }
            let size = firstWave(of: index, policy, among: counts[index], in: fleet)
            // What is let out at once has no wave behind it that could be stopped.
            guard size > 0, size < counts[index], rule.leastFailures > size else { continue }
            complaints.warn { severity in
                Complaint(
                    severity, at: policy.labelPlaces.abortRule, path: "rollout.abortWhen",
                    found:
                        "a first wave of \(counted(size, "device")), of which \(rule.leastFailures) would have to fail",
                    expected: "a rule that the failures of the first wave can reach",
                    hint: "with `atLeast: 1` the share alone decides")
            }
        }
    }

    /// How many devices the first wave of a change of the whole set holds.
    private static func firstWave(of set: Int, _ policy: RolloutPolicy, among count: Int, in fleet: DesiredFleet) -> Int
    {
        switch RolloutWave.steps(policy.waves, total: count).first {
        case .upTo(let limit, _): return limit
        case .labels(let labels):
            guard let pairs = fleet.labels.pairs(of: labels) else { return 0 }
            return fleet.devices.indices.count { number in
                Int(fleet.devices[number].set) == set
                    && fleet.card(of: number).contains { fleet.labels.holds(fleet.devices[$0].labels, pairs) }
            }
        case nil: return 0
        }
    }
}

extension RolloutPolicy.AbortRule {
    /// How many devices have to fail at the least before the rollout stops.
    fileprivate var leastFailures: Int {
        switch failed {
        case .percent: max(atLeast, 1)
        case .devices(let count): max(atLeast, count + 1)
        }
    }
}
