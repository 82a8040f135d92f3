/// Lets the actions of a plan out by the roll-out policies of their profile sets: pure, from the plan and what the
/// store says of roll-outs and pauses.
struct RolloutGate: Sendable {
    /// Of each profile set, in the order of the fleet's sets.
    let steps: [RolloutStep]
    /// How the devices of each profile set are let out, in the order of the fleet's sets.
    let releases: [Release]
    /// The positions of the actions that may leave now, in the order of the keys.
    let positions: [Int]
    /// The reasons of roll-outs that are given up, now or before, and of which something is left to be sent.
    let abortReasons: [String]
    /// Why the next wave of a set cannot begin within the plan: devices that are not selected, and that were let out
    /// before, have not landed.
    let heldUp: [String]
    /// A pause that holds something back.
    let pause: Pause?

    init(_ plan: Plan, rollouts: [RolloutRecord], pauses: [Pause]) {
        let sets = plan.actions.fleet.sets
        let records = sets.map { set in rollouts.last { $0.profileSet == set.name } }
        releases = zip(sets, records).map { Release(profileSet: $0.name, rollout: $1?.number) }
        steps = sets.indices.map { index in
            RolloutStep(
                of: sets[index].name, policy: sets[index].rollout, tally: plan.rollouts[index],
                record: records[index], pauses: pauses)
        }
        positions = Self.positions(plan, steps)
        let own = plan.ownRollouts
        heldUp = Self.holdUps(plan, steps)
        let withWork = zip(steps, own).filter { step, tally in
            tally.pending + tally.toSendAgain > 0 || (step.isAborted && tally.underWay > 0)
        }.map(\.0)
        abortReasons = withWork.compactMap { step in
            switch step.decision {
            case .abort(let reason), .aborted(let reason): reason
            case .release, .paused: nil
            }
        }
        pause =
            withWork.lazy.compactMap { step in
                if case .paused(let pause) = step.decision { return pause }
                return nil
            }.first
    }

    private static func holdUps(_ plan: Plan, _ steps: [RolloutStep]) -> [String] {
        plan.actions.fleet.sets.indices.compactMap { index in
            let (all, own) = (plan.rollouts[index], plan.ownRollouts[index])
            guard case .release(0) = steps[index].decision, own.pending > 0, own.hasLanded, !all.hasLanded else {
                return nil
            }
            let count = all.underWay + all.toSendAgain
            return "\(count) of the devices of profile set \(plan.actions.fleet.sets[index].name) that were let out "
                + "before, and are not selected, have not come to their end; its next wave waits for them."
        }
    }

    private static func positions(_ plan: Plan, _ steps: [RolloutStep]) -> [Int] {
        var chosen: [Int] = []
        /// Those of sets that let out only some of their devices.
        var rationed: [Int: [Int]] = [:]
        for position in plan.actions.indices {
            let set = Int(plan.actions.device(at: position).set)
            guard case .release(let budget) = steps[set].decision else { continue }
            if plan.actions.isReleased(at: position) || budget >= plan.rollouts[set].pending {
                chosen.append(position)
            } else if budget > 0 {
                rationed[set, default: []].append(position)
            }
        }
        guard !rationed.isEmpty else { return chosen }
        for (set, positions) in rationed {
            guard case .release(let budget) = steps[set].decision else { continue }
            let name = plan.actions.fleet.sets[set].name
            let ordered = positions.map {
                (order: plan.actions.device(at: $0).key.eid.rolloutOrder(in: name), position: $0)
            }.sorted { ($0.order, $0.position) < ($1.order, $1.position) }
            // The profiles of one eUICC stay together: one is switched off so that another can be switched on.
            let last = ordered[min(budget, ordered.count) - 1].order
            chosen += ordered.prefix { $0.order <= last }.map(\.position)
        }
        return chosen.sorted()
    }

    /// How far the roll-outs have come that go out in several waves.
    func waves(of fleet: DesiredFleet) -> [ApplyReport.Wave] {
        fleet.sets.indices.filter { steps[$0].waveCount > 1 }.map { index in
            ApplyReport.Wave(
                profileSet: fleet.sets[index].name, number: steps[index].wave, count: steps[index].waveCount)
        }
    }

    /// Whether nothing more is sent for a set, whatever is still to be done.
    func isAborted(set: Int) -> Bool { steps[set].isAborted }

    /// Whether a set is neither given up nor paused.
    func isReleasing(set: Int) -> Bool {
        if case .release = steps[set].decision { return true }
        return false
    }
}

/// How the devices of a profile set are let out.
struct Release: Hashable, Sendable {
    let profileSet: String
    /// The roll-out that is under way, if there is one.
    let rollout: RolloutNumber?
}
