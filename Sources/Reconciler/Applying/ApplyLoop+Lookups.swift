/// Looking up what has to be known before something is sent, what is in doubt, and what was not heard of. It goes on beside
/// the sending: nothing waits for it but the devices that it is about.
extension ApplyLoop {
    /// Has devices looked up that are due: those of which nothing proves what would be decided by, those in doubt, and
    /// those whose operations are overdue.
    mutating func lookUpWhatIsDue(_ plan: Plan, _ gate: RolloutGate) async throws {
        let now = run.clock.now()
        try await endOverdueEnabling(plan, at: now)
        var due: [AccountName: DueLookups] = [:]
        for position in positionsToLookUp(plan, gate, at: now) {
            due[plan.actions[position].account, default: DueLookups()].add(
                plan.actions.device(at: position).key, plan.actions.deviceIndex(at: position))
        }
        for exception in plan.exceptions where isDueForLookup(exception, plan, at: now) {
            let overdueAt = exception.lookupDueAt(by: run.options.policy)
            let isOverdue = exception.operation != nil && (overdueAt.map { $0 <= now } ?? false)
            due[exception.account, default: DueLookups()].add(exception, isOverdue: isOverdue)
        }
        for (account, lookups) in due.sorted(by: { $0.key < $1.key }) {
            guard stoppedAccounts[account] == nil, !isBusy(account), !self.lookups.isUnderWay(account) else { continue }
            let lookups = lookups.limited(to: Self.jobSize)
            let job = LookupService.Job(
                account: account, targets: LookupTargets(lookups.keys, in: plan), overdue: lookups.overdue)
            guard self.lookups.begin(job) else { continue }
            for device in lookups.devices { lookupHistory.note(device, at: now) }
            for operation in lookups.overdue {
                lookedUp[operation.id] = operation.lookupDeadline(by: run.options.policy)
            }
        }
    }

    /// Devices that are looked up together, at most: those that are answered go ahead, and what has become due meanwhile
    /// comes with the next ones.
    private static var jobSize: Int { 1000 }

    /// What is to be looked up for an account.
    private struct DueLookups {
        var keys: [DeviceKey] = []
        /// The same devices, as numbers in the fleet.
        var devices: [Int] = []
        var overdue: [Operation] = []

        mutating func add(_ key: DeviceKey, _ device: Int) {
            keys.append(key)
            devices.append(device)
        }

        /// - Parameter isOverdue: whether nothing was heard of its operation in time.
        mutating func add(_ exception: PlanException, isOverdue: Bool) {
            add(exception.key, Int(exception.device))
            if isOverdue, let operation = exception.operation { overdue.append(operation) }
        }

        func limited(to size: Int) -> DueLookups {
            guard keys.count > size else { return self }
            // Those in doubt and the overdue ones stand at the end.
            var limited = DueLookups()
            limited.keys = Array(keys.suffix(size))
            limited.devices = Array(devices.suffix(size))
            let chosen = Set(limited.keys)
            limited.overdue = overdue.filter { chosen.contains($0.key) }
            return limited
        }
    }

    /// So many devices beyond those that may leave now are looked up with them: most of a fleet that is taken over may
    /// be as desired, and would be found so wave by wave otherwise.
    private static var lookAhead: Int { 1000 }

    private func positionsToLookUp(_ plan: Plan, _ gate: RolloutGate, at now: Timestamp) -> [Int] {
        func isDue(_ position: Int) -> Bool {
            let device = plan.actions.deviceIndex(at: position)
            return plan.actions.isUnverified(at: position) && !isUnanswered(device)
                && lookupHistory.mayLookUp(device) <= now
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

    private func isDueForLookup(_ exception: PlanException, _ plan: Plan, at now: Timestamp) -> Bool {
        guard let dueAt = lookupDueAt(exception, plan) else { return false }
        return dueAt <= now && lookupHistory.mayLookUp(Int(exception.device)) <= now
    }

    /// When the carrier's records are to be read for a device that no action is planned for; `nil` if not in this run.
    func lookupDueAt(_ exception: PlanException, _ plan: Plan) -> Timestamp? {
        guard stoppedAccounts[exception.account] == nil, !isUnanswered(Int(exception.device)) else { return nil }
        let hintAt = plan.doubts[exception.key]?.dueAt(plan.createdAt)
        switch exception.reason {
        case .unconfirmed, .failed:
            return hintAt
        case .inProgress, .held(_, _?):
            let policy = run.options.policy
            guard let operation = exception.operation,
                lookedUp[operation.id] != operation.lookupDeadline(by: policy)
            else { return hintAt }
            return [exception.lookupDueAt(by: policy), hintAt].compactMap(\.self).min()
        case .blocked:
            let isLookedUp = lookupHistory.wasLookedUp(Int(exception.device))
            return run.options.looksUpBlocked && run.options.verification == .lookup && !isLookedUp
                ? .distantPast : nil
        case .held(_, nil), .waiting, .drifted, .recorded:
            return nil
        }
    }

    /// So many lookups in vain a run waits for of a device that is as desired by what is known.
    private static var patientLookups: Int { 6 }

    /// Whether a device that is left out may still be settled by a lookup of this run, so that the run goes on for it.
    func canStillBeLookedUp(_ exception: PlanException, _ plan: Plan) -> Bool {
        guard let dueAt = lookupDueAt(exception, plan) else { return false }
        // Another run begins when it is due.
        if run.options.endsWhenIdle { return dueAt <= plan.createdAt }
        // It has failed for good; whether its card follows later is for another run to see.
        if case .failed = exception.reason, plan.doubts[exception.key]?.suggestsPresence != true {
            return dueAt <= plan.createdAt
        }
        if case .unconfirmed(let hint, isAsDesired: true) = exception.reason {
            return hint.lookups <= Self.patientLookups
        }
        return true
    }

    /// Whether the carrier has not answered about a device, by its number in the fleet: it waits for a later lookup.
    func isUnanswered(_ device: Int) -> Bool {
        unanswered[device].map { $0 > run.clock.now() } ?? false
    }

    /// Takes note of what has come of lookups.
    mutating func takeLookups() {
        for outcome in lookups.takeOutcomes() {
            guard let problem = outcome.result.problem else { continue }
            // What has not been looked up is due as before.
            func isStillDue() {
                for id in outcome.overdue { lookedUp[id] = nil }
            }
            switch problem {
            case .busy(let until):
                isStillDue()
                leave(outcome.account, until: until)
                continue
            case .stopped:
                isStillDue()
                continue
            case .signInRefused(let reason):
                stopRun(reason)
                continue
            case .late, .refused, .tellsNoStatus:
                break
            }
            let waiting = outcome.keys.filter { !outcome.result.answered.contains($0) }
            guard !waiting.isEmpty else { continue }
            let until = run.clock.now() + max(run.options.lookupTimeout, .seconds(60))
            for key in waiting { if let device = run.desired.index(of: key) { unanswered[device] = until } }
            unansweredAccounts[outcome.account] = problem.explanation(account: outcome.account, devices: waiting.count)
        }
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
            // Nothing is sent any more that a device would be looked up before.
            try transaction.save(
                still.compactMap { operation in
                    guard case .failed(_, retryAt: nil) = operation.phase, var record = records[operation.key] else {
                        return nil
                    }
                    record.operation = operation
                    record.doubt(
                        Hint(
                            .requestFailed, at: now, detail: "the callback that was to follow its warning did not come")
                    )
                    return record
                })
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

extension LookupProblem {
    /// Why devices wait, and what lets them go on.
    fileprivate func explanation(account: AccountName, devices: Int) -> String {
        let wait =
            "Account \(account): \(counted(devices, "device")) \(devices == 1 ? "waits" : "wait") to be looked up. "
        let trust =
            " Nothing is sent to them before the carrier's records say how they are. If the state store is right about all of "
            + "them, `--verify trust` says so for one run."
        switch self {
        case .late(let reason):
            return wait + reason.capitalizedSentence + " Nothing is sent to them before that; run again later."
        case .refused(let reason):
            return wait + reason.capitalizedSentence + trust
        case .tellsNoStatus(let reason):
            return wait + "No list says how their profiles are: " + reason.capitalizedSentence + trust
        case .signInRefused(let reason):
            return reason
        case .busy(let until):
            return wait + "The carrier asks not to be called before \(until)."
        case .stopped:
            return wait + "The run was stopped."
        }
    }
}

extension Operation {
    /// When it is looked up if nothing was heard of it: what was done at an earlier time does not count for a later one.
    fileprivate func lookupDeadline(by policy: ConvergencePolicy) -> Timestamp {
        deadline ?? intendedAt + policy.callbackDeadline
    }
}
