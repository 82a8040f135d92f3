/// Keeps the roll-outs in the store in step with the plan: begins, ends and gives up.
struct RolloutBook: Sendable {
    let store: any StateStore
    let clock: any WallClock

    /// Begins a roll-out for each profile set that has a change and none under way, and ends those that are over. A saved
    /// plan may be about a part of a change that was begun before: then it is not known whether the rest is done.
    ///
    /// - Parameter open: the roll-outs that the plan was made with.
    /// - Returns: those that are under way from now on.
    func keep(_ plan: Plan, _ open: [RolloutRecord]) async throws -> [RolloutRecord] {
        let sets = plan.actions.fleet.sets
        var begin: [String] = []
        var end: [RolloutNumber] = []
        for (index, set) in sets.enumerated() {
            let rollout = open.last { $0.profileSet == set.name }
            let isOver =
                rollout.map { rollout in
                    rollout.abort == nil && plan.rollouts[index].isOver
                        && rollout.startedAt >= plan.reviewedAt ?? rollout.startedAt
                } ?? true
            if isOver, let rollout { end.append(rollout.number) }
            if isOver, plan.ownRollouts[index].pending > plan.heldPending[index] { begin.append(set.name) }
        }
        guard !begin.isEmpty || !end.isEmpty else { return open }
        let now = clock.now()
        let (names, numbers) = (begin, end)
        return try await store.write { transaction in
            for number in numbers { try transaction.endRollout(number, at: now) }
            for name in names { _ = try transaction.startRollout(of: name, at: now) }
            return try transaction.openRollouts()
        }
    }

    /// Writes down which wave is under way, and that roll-outs are given up, for all later runs.
    func keep(_ gate: RolloutGate, _ open: [RolloutRecord]) async throws {
        var changed: [RolloutRecord] = []
        for (step, release) in zip(gate.steps, gate.releases) {
            guard let record = open.first(where: { $0.number == release.rollout }) else { continue }
            var rollout = record
            rollout.waveLimit = step.wave.limit
            rollout.waveLabels = step.wave.labels
            if case .abort(let reason) = step.decision {
                rollout.abort = RolloutRecord.Abort(at: clock.now(), reason: reason)
            }
            if rollout != record { changed.append(rollout) }
        }
        guard !changed.isEmpty else { return }
        let rollouts = changed
        try await store.write { transaction in
            for rollout in rollouts { try transaction.update(rollout) }
        }
    }
}
