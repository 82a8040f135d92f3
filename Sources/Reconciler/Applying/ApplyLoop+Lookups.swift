/// Looking up what has to be known before something is sent, and what was not heard of.
extension ApplyLoop {
    /// Looks up devices that were never seen, those whose callback is overdue, and those whose call may or may not
    /// have been taken.
    /// - Returns: whether anything was looked up, so that the state is to be read again.
    mutating func lookUpWhatIsDue(_ plan: Plan, _ gate: RolloutGate) async throws -> Bool {
        let now = run.clock.now()
        try await endOverdueEnabling(plan, at: now)
        var due: [AccountName: DueLookups] = [:]
        if run.options.verification == .lookup {
            for position in positionsToLookUp(plan, gate) {
                let action = plan.actions[position]
                due[action.account, default: DueLookups()].keys.append(action.key)
                due[action.account, default: DueLookups()].toVerify.append(plan.actions.deviceIndex(at: position))
            }
        }
        for exception in plan.exceptions {
            if case .blocked = exception.reason, run.options.looksUpBlocked, run.options.verification == .lookup,
                !verified[Int(exception.device)]
            {
                due[exception.account, default: DueLookups()].keys.append(exception.key)
                due[exception.account, default: DueLookups()].toVerify.append(Int(exception.device))
            } else if canStillBeLookedUp(exception), let dueAt = exception.lookupDueAt(by: run.options.policy),
                dueAt <= now
            {
                due[exception.account, default: DueLookups()].keys.append(exception.key)
            }
        }
        due = due.filter { stoppedAccounts[$0.key] == nil && !isBusy($0.key) }
        guard !due.isEmpty else { return false }
        for (account, lookups) in due.sorted(by: { $0.key < $1.key }) {
            let answered = try await lookUp(lookups.keys, of: account, plan)
            for device in lookups.toVerify where answered.contains(run.desired.devices[device].key) {
                verified[device] = true
            }
            guard report.ending == .running else { return true }
        }
        return true
    }

    /// What is to be looked up for an account.
    private struct DueLookups {
        var keys: [DeviceKey] = []
        /// The devices among them, as numbers in the fleet, to which nothing is done before they were looked up.
        var toVerify: [Int] = []
    }

    /// So many devices beyond those that may leave now are looked up with them: most of a fleet that is taken over may
    /// be as desired, and would be found so wave by wave otherwise.
    private static var lookAhead: Int { 1000 }

    private func positionsToLookUp(_ plan: Plan, _ gate: RolloutGate) -> [Int] {
        func isDue(_ position: Int) -> Bool {
            plan.actions.isUnverified(at: position) && !verified[plan.actions.deviceIndex(at: position)]
        }
        let due = (gate.positions + gate.positionsOutsideWindows).filter(isDue)
        guard !due.isEmpty else { return [] }
        let chosen = Set(due)
        let ahead = plan.actions.indices.lazy.filter { position in
            isDue(position) && !chosen.contains(position)
                && gate.mayLookUp(set: Int(plan.actions.device(at: position).set))
        }
        return due + ahead.prefix(Self.lookAhead)
    }

    func canStillBeLookedUp(_ exception: PlanException) -> Bool {
        guard exception.lookupDueAt(by: run.options.policy) != nil, stoppedAccounts[exception.account] == nil else {
            return false
        }
        return exception.operation.map { !lookedUp.contains($0.id) } ?? false
    }

    /// - Returns: the devices of which an answer was written down; nothing else counts as looked up.
    private mutating func lookUp(
        _ keys: [DeviceKey], of account: AccountName, _ plan: Plan
    ) async throws -> Set<DeviceKey> {
        let lookup = DeviceLookup(
            asker: DeviceListAsker(
                store: run.store, carrier: run.carrier, pacer: run.pacer, clock: run.clock, wakeup: run.wakeup,
                stop: run.stop, timeout: run.options.lookupTimeout, pollInterval: run.options.pollInterval,
                longestWait: RequestPacer.patience, run: number),
            records: SightingRecords(store: run.store, policy: run.options.policy, run: number),
            lists: run.options.lists)
        let result = try await lookup.look(up: LookupTargets(keys, in: plan), of: account)
        lookedUp.formUnion(
            plan.exceptions.filter { result.answered.contains($0.key) }.compactMap(\.operation?.id))
        switch result.problem {
        case nil, .stopped:
            break
        case .busy(let until):
            leave(account, until: until)
        case .signInRefused(let reason):
            stopRun(reason)
        case .late(let reason), .refused(let reason), .tellsNoStatus(let reason):
            stoppedAccounts[account] =
                "Nothing is sent for account \(account): \(reason.capitalizedSentence) Devices that were never seen "
                + "must be looked up first; run again, or use --verify trust if none of them can hold a profile yet."
        }
        return result.answered
    }

    private func endOverdueEnabling(_ plan: Plan, at now: Timestamp) async throws {
        var overdue: [Operation] = []
        for exception in plan.exceptions {
            guard case .inProgress(var operation) = exception.reason,
                case .enablePending(let deadline) = operation.phase,
                deadline <= now,
                operation.received(.enablingOverdue, at: now, policy: run.options.policy).changed
            else { continue }
            overdue.append(operation)
        }
        guard !overdue.isEmpty else { return }
        let changed = overdue
        try await run.store.write { [number] transaction in
            // A callback may have come since the plan was made.
            let records = try transaction.devices(changed.map(\.key))
            let still = changed.filter { operation in
                guard let current = records[operation.key]?.operation, current.id == operation.id,
                    case .enablePending = current.phase
                else { return false }
                return true
            }
            try transaction.update(still)
            try transaction.append(
                still.map { operation in
                    StateEvent(
                        at: now, device: operation.key, kind: .overdue, operation: operation.id, run: number,
                        detail: "the second callback did not come in time")
                })
        }
        run.wakeup.notify()
    }
}
