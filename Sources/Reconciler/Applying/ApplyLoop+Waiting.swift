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
        if let reason = reasonOfUnanswered(plan) { return .stopped(reason) }
        guard !stoppedAccounts.isEmpty else { return settled }
        let undone = plan.actions.map(\.account) + plan.exceptions.filter { $0.operation != nil }.map(\.account)
        return undone.lazy.compactMap { stoppedAccounts[$0] }.first.map { .stopped($0) } ?? settled
    }

    /// Why devices that are to change wait for the carrier's records, if any do.
    private func reasonOfUnanswered(_ plan: Plan) -> String? {
        guard !unanswered.isEmpty else { return nil }
        for position in plan.actions.indices
        where plan.actions.isUnverified(at: position) && isUnanswered(plan.actions.deviceIndex(at: position)) {
            if let reason = unansweredAccounts[plan.actions[position].account] { return reason }
        }
        return plan.exceptions.lazy.compactMap { exception -> String? in
            guard isUnanswered(Int(exception.device)) else { return nil }
            switch exception.reason {
            case .unconfirmed(_, isAsDesired: false), .held, .inProgress: return unansweredAccounts[exception.account]
            default: return nil
            }
        }.first
    }

    /// Whether actions of those that may leave wait for a lookup of this run.
    func waitsForLookups(_ plan: Plan, _ positions: [Int]) -> Bool {
        positions.contains { position in
            plan.actions.isUnverified(at: position) && !isUnanswered(plan.actions.deviceIndex(at: position))
        }
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
    ///
    /// - Parameter positions: of the actions that may leave, once their devices were looked up.
    func isQuiet(_ plan: Plan, _ gate: RolloutGate, _ positions: [Int]) -> Bool {
        guard gate.pause == nil || run.options.endsWhenIdle, !lookups.isUnderWay, !waitsForLookups(plan, positions),
            positions.allSatisfy({ plan.actions.isUnverified(at: $0) })
        else { return false }
        return !plan.exceptions.contains { exception in
            if case .waiting = exception.reason { return !gate.isAborted(set: set(of: exception)) }
            return exception.isAwaited && !isOutOfReach(exception) || canStillBeLookedUp(exception, plan)
        }
    }

    private func set(of exception: PlanException) -> Int { Int(run.desired.devices[Int(exception.device)].set) }

    /// Overdue, and nothing can be looked up for its account any more.
    private func isOutOfReach(_ exception: PlanException) -> Bool {
        guard stoppedAccounts[exception.account] != nil || isUnanswered(Int(exception.device)) else {
            return false
        }
        return exception.lookupDueAt(by: run.options.policy).map { $0 <= run.clock.now() } ?? false
    }

    func nextDue(_ plan: Plan) -> Timestamp? {
        let now = run.clock.now()
        let dues = plan.exceptions.lazy.compactMap { exception -> Timestamp? in
            let lookupAt = lookupDueAt(exception, plan).map { max($0, lookupHistory.mayLookUp(Int(exception.device))) }
            return [exception.dueAt(by: run.options.policy), lookupAt].compactMap(\.self).filter { $0 > now }.min()
        }
        return dues.min()
    }

    /// Waits for a change that is worth a look: any, as long as looks are quick; where they are not, the landing of all
    /// that was in flight, or that so much time has passed that looks take little of it.
    func waitForNews(after seen: Wakeup.Count, until time: Timestamp) async throws {
        try await waiter.change(after: seen, until: time)
        let next = min(time, pace.earliest)
        while run.clock.now() < next, !run.stop.isStopped {
            let seen = run.wakeup.count
            let inFlight = try await run.store.read { try $0.operationsInFlight() }
            guard inFlight > 0 || lookups.isUnderWay else { return }
            try await waiter.change(after: seen, until: next)
        }
    }
}
