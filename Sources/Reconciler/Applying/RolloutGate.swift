/// Lets the actions of a plan out by the roll-out policies of their profile sets: pure, from the plan and what the
/// store says of roll-outs and pauses.
struct RolloutGate: Sendable {
    /// Of each profile set, in the order of the fleet's sets.
    let steps: [RolloutStep]
    /// How the devices of each profile set are let out, in the order of the fleet's sets.
    let releases: [Release]
    /// The positions of the actions that may leave now, in the order of the keys.
    let positions: [Int]
    /// The positions of those that may leave as soon as a maintenance window opens, in the order of the keys.
    let positionsOutsideWindows: [Int]
    /// The reasons of roll-outs that are given up, now or before, and of which something is left to be sent.
    let abortReasons: [String]
    /// Why the next wave of a set cannot begin within the plan: devices that it is not about, and that were let out
    /// before, have not landed.
    let heldUp: [String]
    /// A pause that holds something back.
    let pause: Pause?
    /// Profile sets that are held because too much of them would change.
    let largeChanges: [LargeChange]
    /// Profile sets of which something is left to be sent, and not before a maintenance window opens.
    let closedWindows: [ClosedWindow]
    /// How far the roll-outs have come that go out in several waves.
    let waves: [ApplyReport.Wave]

    /// - Parameters:
    ///   - ignoresWindows: whether a person wants changes outside the maintenance windows too.
    ///   - holdsLargeChanges: whether nothing is sent for a set of which more would change than it allows.
    init(
        _ plan: Plan, rollouts: [RolloutRecord], pauses: [Pause], ignoresWindows: Bool = false,
        holdsLargeChanges: Bool = false
    ) {
        let sets = plan.actions.fleet.sets
        let records = sets.map { set in rollouts.last { $0.profileSet == set.name } }
        let members = LabelWaveMembers(plan)
        let closed = sets.map { ignoresWindows ? nil : ClosedWindow(of: $0, at: plan.createdAt) }
        releases = zip(sets, records).map { set, record in
            Release(
                profileSet: set.name, rollout: record?.number, windows: ignoresWindows ? nil : set.rollout.windows)
        }
        steps = sets.indices.map { index in
            RolloutStep(
                of: sets[index].name, policy: sets[index].rollout, tally: plan.rollouts[index],
                record: records[index], pauses: pauses, pendingByLabels: members.pending[index],
                opensAt: closed[index]?.opensAt,
                largeChange: holdsLargeChanges ? plan.largeChanges.first { $0.holds(sets[index].name) } : nil)
        }
        let isClosed = steps.map(\.isClosed)
        let chosen = Self.positions(plan, steps, members)
        heldUp = Self.holdUps(plan, steps, chosen)
        if isClosed.contains(true) {
            positions = chosen.filter { !isClosed[Int(plan.actions.device(at: $0).set)] }
            positionsOutsideWindows = chosen.filter { isClosed[Int(plan.actions.device(at: $0).set)] }
        } else {
            positions = chosen
            positionsOutsideWindows = []
        }
        let steps = self.steps
        let own = plan.ownRollouts
        let withWork = sets.indices.filter { index in
            let tally = own[index]
            return tally.hasWork || (steps[index].isAborted && tally.underWay > 0)
        }
        // Devices that are held for the set that named them before.
        let held = plan.heldDevices.filter { $0.changes > 0 }
        abortReasons =
            withWork.compactMap { index in
                switch steps[index].decision {
                case .abort(let reason), .aborted(let reason):
                    "\(reason) Look at what failed; `profilectl resume --set \(sets[index].name)` lets the rest go on."
                case .release, .closed, .paused, .tooLarge: nil
                }
            }
            + held.compactMap { devices in
                if case .aborted = devices.cause { return devices.description }
                return nil
            }
        // One that is for several sets is named once.
        largeChanges = withWork.reduce(into: []) { changes, index in
            guard case .tooLarge(let change) = steps[index].decision, !changes.contains(change) else { return }
            changes.append(change)
        }
        let inForce =
            withWork.compactMap { index in
                if case .paused(let pause) = steps[index].decision { return pause }
                return nil
            }
            + held.compactMap { devices in
                if case .paused(let pause) = devices.cause { return pause }
                return nil
            }
        pause = inForce.first
        closedWindows = withWork.compactMap { isClosed[$0] ? closed[$0] : nil }
        waves = sets.indices.filter { steps[$0].wave.count > 1 && plan.rollouts[$0].total > 0 }.map { index in
            ApplyReport.Wave(steps[index].wave, of: sets[index].name, plan.rollouts[index])
        }
    }

    /// - Parameter chosen: the positions of the actions that are let out.
    private static func holdUps(_ plan: Plan, _ steps: [RolloutStep], _ chosen: [Int]) -> [String] {
        guard plan.partialRollouts != nil else { return [] }
        let setsWithWork = Set(chosen.map { Int(plan.actions.device(at: $0).set) })
        return plan.actions.fleet.sets.indices.compactMap { index in
            let (all, own) = (plan.rollouts[index], plan.ownRollouts[index])
            guard let budget = steps[index].budget, own.pending > 0, own.hasLanded, !setsWithWork.contains(index) else {
                return nil
            }
            let name = plan.actions.fleet.sets[index].name
            if budget > 0 {
                return
                    "The wave of profile set \(name) that is under way is for devices that this run is not about; "
                    + "they go before the others."
            }
            guard !all.hasLanded else { return nil }
            return "\(all.toLand) of the devices of profile set \(name) that were let out "
                + "before, and that this run is not about, have not come to their end; its next wave waits for them."
        }
    }

    private static func positions(_ plan: Plan, _ steps: [RolloutStep], _ members: LabelWaveMembers) -> [Int] {
        var chosen: [Int] = []
        /// Those of sets that let out only some of their devices.
        var rationed: [Int: [Int]] = [:]
        for position in plan.actions.indices {
            let set = Int(plan.actions.device(at: position).set)
            guard let budget = steps[set].budget, !plan.isHeld(at: position) else { continue }
            if plan.actions.isReleased(at: position) {
                chosen.append(position)
            } else if let labels = steps[set].wave.labels {
                guard budget > 0, members.contains(plan.actions.deviceIndex(at: position), in: labels) else { continue }
                rationed[set, default: []].append(position)
            } else if budget >= plan.rollouts[set].pending {
                chosen.append(position)
            } else if budget > 0 {
                rationed[set, default: []].append(position)
            }
        }
        guard !rationed.isEmpty else { return chosen }
        for (set, positions) in rationed {
            guard let budget = steps[set].budget else { continue }
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

    /// Whether nothing more is sent for a set, whatever is still to be done.
    func isAborted(set: Int) -> Bool { steps[set].isAborted }

    /// Whether devices of a set may be looked up before their turn: it is neither given up nor paused. Reading is no
    /// change, so that it goes on outside the maintenance windows.
    func mayLookUp(set: Int) -> Bool { steps[set].budget != nil }
}

/// How the devices of a profile set are let out.
struct Release: Hashable, Sendable {
    let profileSet: String
    /// The roll-out that is under way, if there is one.
    let rollout: RolloutNumber?
    /// When they may be changed; `nil` for at any time.
    let windows: MaintenanceWindows?
}
