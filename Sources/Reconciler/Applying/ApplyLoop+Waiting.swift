/// What a run waits for, and how it ends where there is nothing to wait for.
extension ApplyLoop {
    /// So many times the poll interval is the time between two looks while all waits for a maintenance window.
    static let idlePolls = 30

    /// When something may be sent that waits for a maintenance window.
    func nextOpening(_ plan: Plan, _ gate: RolloutGate) -> Timestamp? {
        let sets = Set(
            gate.positionsOutsideWindows.lazy
                .filter { stoppedAccounts.isEmpty || stoppedAccounts[plan.actions[$0].account] == nil }
                .map { Int(plan.actions.device(at: $0).set) })
        return sets.compactMap { set in
            if case .closed(_, let opensAt) = gate.steps[set].decision { return opensAt }
            return nil
        }.min()
    }

    /// How a run ends for which nothing is in flight and nothing may be sent.
    func quietEnding(_ plan: Plan, _ gate: RolloutGate) -> ApplyReport.Ending {
        let ending = settledEnding(plan, gate)
        return ending == .settled && nextOpening(plan, gate) != nil ? .outsideWindows : ending
    }

    /// A run that leaves actions undone because their account was stopped did not do its work.
    private func settledEnding(_ plan: Plan, _ gate: RolloutGate) -> ApplyReport.Ending {
        let aborted = gate.abortReasons
        if !aborted.isEmpty { return .aborted(aborted) }
        let settled: ApplyReport.Ending = gate.heldUp.isEmpty ? .settled : .heldUp(gate.heldUp)
        guard !stoppedAccounts.isEmpty else { return settled }
        let undone = plan.actions.map(\.account) + plan.exceptions.filter { $0.operation != nil }.map(\.account)
        return undone.lazy.compactMap { stoppedAccounts[$0] }.first.map { .stopped($0) } ?? settled
    }

    mutating func endingWithoutWaiting(_ plan: Plan, _ gate: RolloutGate) -> ApplyReport.Ending {
        let ending = quietEnding(plan, gate)
        guard ending == .settled else { return ending }
        if gate.pause != nil { return .timedOut }
        if !plan.actions.isEmpty { remark("Only the wave under way was asked for; run again when it has landed.") }
        return .asked
    }

    /// Nothing may be sent, nothing is in flight, nothing waits for its next attempt, and no word of a person is waited
    /// for.
    func isQuiet(_ plan: Plan, _ gate: RolloutGate, _ sendable: [Int]) -> Bool {
        guard sendable.isEmpty, gate.pause == nil || run.options.endsWhenIdle else { return false }
        return !plan.exceptions.contains { exception in
            if case .waiting = exception.reason { return !gate.isAborted(set: set(of: exception)) }
            return exception.isAwaited && !isOutOfReach(exception) || canStillBeLookedUp(exception)
        }
    }

    private func set(of exception: PlanException) -> Int { Int(run.desired.devices[Int(exception.device)].set) }

    /// Overdue, and nothing can be looked up for its account any more.
    private func isOutOfReach(_ exception: PlanException) -> Bool {
        guard stoppedAccounts[exception.account] != nil else { return false }
        return exception.lookupDueAt(by: run.options.policy).map { $0 <= run.clock.now() } ?? false
    }

    func nextDue(_ plan: Plan) -> Timestamp? {
        let now = run.clock.now()
        return plan.exceptions.lazy.compactMap { $0.dueAt(by: run.options.policy) }.filter { $0 > now }.min()
    }

    /// Waits for a change that is worth a look: any, as long as looks are quick; where they are not, the landing of all
    /// that was in flight, or that so much time has passed that looks take little of it.
    func waitForNews(after seen: Wakeup.Count, until time: Timestamp) async throws {
        try await waiter.change(after: seen, until: time)
        let next = min(time, pace.earliest)
        while run.clock.now() < next, !run.stop.isStopped {
            let seen = run.wakeup.count
            guard try await run.store.read({ try $0.operationsInFlight() }) > 0 else { return }
            try await waiter.change(after: seen, until: next)
        }
    }
}
