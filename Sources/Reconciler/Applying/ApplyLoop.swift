/// The moving part of a run: what is queued, what the limits allow, what has been looked up.
struct ApplyLoop {
    private let run: ApplyRun
    private let sender: RequestSender
    private let startedAt: Timestamp
    private let progress: @Sendable (ApplyReport) -> Void
    private let waiter: StateWaiter

    private var scope: Set<DeviceKey> = []
    private var queue: [RequestBatch] = []
    private var rates: [AccountName: RequestRate] = [:]
    /// Accounts to which nothing more is sent, with the reason.
    private var stoppedAccounts: [AccountName: String] = [:]
    /// Devices that were looked up before anything was to be done to them.
    private var verified: Set<DeviceKey> = []
    /// Operations that were looked up because nothing was heard of them.
    private var lookedUp: Set<OperationID> = []
    private var retriedFailed = false
    private var unreachableInARow = 0
    private var report = ApplyReport()

    init(
        run: ApplyRun, sender: RequestSender, startedAt: Timestamp, progress: @escaping @Sendable (ApplyReport) -> Void
    ) {
        self.run = run
        self.sender = sender
        self.startedAt = startedAt
        self.progress = progress
        waiter = StateWaiter(clock: run.clock, wakeup: run.wakeup, pollInterval: run.options.pollInterval)
    }

    /// So many unsuccessful calls in a row mean that the carrier cannot be reached.
    private static let unreachableLimit = 4

    mutating func run() async throws -> ApplyReport {
        let deadline = startedAt + run.options.timeout
        let mark = try await run.store.read { try $0.eventMark() }
        while report.ending == .running {
            let seen = run.wakeup.count
            let plan = try await currentPlan()
            if run.stop.isStopped {
                report.ending = .interrupted
            } else if try await lookUpWhatIsDue(plan) {
                continue
            } else if run.clock.now() >= deadline {
                report.ending = isSettled(plan) ? settledEnding(plan) : .timedOut
            } else if !sendable(plan).isEmpty {
                try await send(sendable(plan))
                continue
            } else if !run.options.waitsForConvergence {
                report.ending = .asked
            } else if isSettled(plan) {
                report.ending = settledEnding(plan)
            } else {
                let wake = min(deadline, nextDue(plan) ?? deadline)
                try await waiter.change(after: seen, until: min(wake, run.clock.now() + run.options.pollInterval))
            }
        }
        update(with: try await run.plan())
        report.events = try await run.store.read { try $0.eventCounts(after: mark) }
        progress(report)
        return report
    }

    /// A run that leaves actions undone because their account was stopped did not do its work.
    private func settledEnding(_ plan: Plan) -> ApplyReport.Ending {
        let undone = plan.actions.map(\.account) + plan.exceptions.filter { $0.operation != nil }.map(\.account)
        let reasons = undone.compactMap { stoppedAccounts[$0] }
        return reasons.first.map { .stopped($0) } ?? .settled
    }

    private mutating func currentPlan() async throws -> Plan {
        var plan = try await run.plan()
        if run.options.retryFailed, !retriedFailed {
            let known = try await run.store.read { try $0.knownFleet() }
            plan = Planner(now: run.clock.now(), retryFailed: true).plan(desired: run.desired, known: known)
            retriedFailed = true
        }
        if scope.isEmpty, !run.options.allowsLargeChange, !plan.largeChanges.isEmpty {
            throw TooLargeChange(changes: plan.largeChanges)
        }
        scope.formUnion(plan.actions.map(\.key))
        scope.formUnion(plan.exceptions.map(\.key))
        update(with: plan)
        progress(report)
        return plan
    }

    private mutating func update(with plan: Plan) {
        report.total = scope.count
        report.queued = plan.actions.count
        report.exceptions = plan.exceptions.filter { !$0.isAwaited }
        report.inFlight = plan.exceptions.count { $0.reason.name == "in progress" && !$0.isEnablePending }
        report.enablePending = plan.exceptions.count(where: \.isEnablePending)
        report.waiting = plan.exceptions.count { $0.reason.name == "waiting" }
        report.converged = scope.count - plan.actions.count - plan.exceptions.count
    }

    /// Actions that may leave now: their devices were looked up, if need be, and their account is not stopped.
    private func sendable(_ plan: Plan) -> [PlannedAction] {
        plan.actions.filter { stoppedAccounts[$0.account] == nil }
    }

    /// Nothing is in flight and nothing is waiting for its time.
    private func isSettled(_ plan: Plan) -> Bool {
        sendable(plan).isEmpty
            && !plan.exceptions.contains { $0.isAwaited && !isOutOfReach($0) || canStillBeLookedUp($0) }
    }

    /// Overdue, and nothing can be looked up for its account any more.
    private func isOutOfReach(_ exception: PlanException) -> Bool {
        guard stoppedAccounts[exception.account] != nil else { return false }
        return exception.lookupDueAt(by: run.options.policy).map { $0 <= run.clock.now() } ?? false
    }

    private func nextDue(_ plan: Plan) -> Timestamp? {
        plan.exceptions.compactMap { $0.dueAt(by: run.options.policy) }.filter { $0 > run.clock.now() }.min()
    }

    // MARK: Sending

    /// Sends as much as the limits allow, several calls at a time.
    private mutating func send(_ actions: [PlannedAction]) async throws {
        let rollout = run.desired.sets.map(\.rollout)
        let batchSize = rollout.map(\.batchSize).min() ?? 100
        let maximumInFlight = rollout.map(\.maxInFlight).min() ?? 1000
        let free = maximumInFlight - report.inFlight - report.enablePending
        guard free > 0 else {
            let seen = run.wakeup.count
            return try await waiter.change(after: seen, until: run.clock.now() + run.options.pollInterval)
        }
        queue = RequestBatch.batches(of: actions.onePerCard.prefix(free), size: batchSize)
        let requestsPerSecond = rollout.map(\.requestsPerSecond).min()
        try await withThrowingTaskGroup(of: RequestSender.Result.self) { group in
            var underWay = 0
            while underWay > 0 || !queue.isEmpty {
                while underWay < run.options.concurrentCalls, !queue.isEmpty, !run.stop.isStopped {
                    let batch = queue.removeFirst()
                    guard stoppedAccounts[batch.account] == nil else { continue }
                    let leaveAt = rates[batch.account, default: RequestRate(requestsPerSecond: requestsPerSecond)]
                        .reserve(at: run.clock.now())
                    underWay += 1
                    report.requests += 1
                    group.addTask { [run, sender] in
                        try await run.clock.sleep(until: leaveAt)
                        return try await sender.send(batch)
                    }
                }
                guard underWay > 0, let result = try await group.next() else { return }
                underWay -= 1
                take(result)
            }
        }
    }

    private mutating func take(_ result: RequestSender.Result) {
        switch result {
        case .done:
            unreachableInARow = 0
        case .split(let first, let second):
            queue.insert(contentsOf: [first, second], at: 0)
        case .pause(let account, let until, let reason, let isUnreachable):
            rates[account]?.pause(until: until)
            remark(reason)
            unreachableInARow = isUnreachable ? unreachableInARow + 1 : 0
            if unreachableInARow >= Self.unreachableLimit {
                stopRun("The carrier cannot be reached: \(reason)")
            }
        case .stopAccount(let account, let reason):
            stoppedAccounts[account] = "Nothing more is sent for account \(account): \(reason)"
        case .stopRun(let reason):
            stopRun(reason)
        }
    }

    private mutating func stopRun(_ reason: String) {
        queue = []
        report.ending = .stopped(reason)
    }

    private mutating func remark(_ text: String) {
        if !report.remarks.contains(text), report.remarks.count < 20 { report.remarks.append(text) }
    }

    // MARK: Looking up

    /// Looks up devices that were never seen, those whose callback is overdue, and those whose call may or may not
    /// have been taken.
    /// - Returns: whether anything was looked up, so that the state is to be read again.
    private mutating func lookUpWhatIsDue(_ plan: Plan) async throws -> Bool {
        let now = run.clock.now()
        try await endOverdueEnabling(plan, at: now)
        var due: [AccountName: [DeviceKey]] = [:]
        if run.options.verification == .lookup {
            for action in plan.actions where action.isUnverified && !verified.contains(action.key) {
                due[action.account, default: []].append(action.key)
            }
        }
        for exception in plan.exceptions {
            if case .blocked = exception.reason, run.options.verification == .lookup,
                !verified.contains(exception.key)
            {
                due[exception.account, default: []].append(exception.key)
            } else if canStillBeLookedUp(exception), let dueAt = exception.lookupDueAt(by: run.options.policy),
                dueAt <= now
            {
                due[exception.account, default: []].append(exception.key)
            }
        }
        for account in stoppedAccounts.keys { due[account] = nil }
        guard !due.isEmpty else { return false }
        for (account, keys) in due.sorted(by: { $0.key < $1.key }) {
            try await lookUp(keys, of: account, plan)
            guard report.ending == .running else { return true }
        }
        return true
    }

    private func canStillBeLookedUp(_ exception: PlanException) -> Bool {
        guard exception.lookupDueAt(by: run.options.policy) != nil, stoppedAccounts[exception.account] == nil else {
            return false
        }
        return exception.operation.map { !lookedUp.contains($0.id) } ?? false
    }

    private mutating func lookUp(_ keys: [DeviceKey], of account: AccountName, _ plan: Plan) async throws {
        let lookup = DeviceLookup(
            store: run.store, carrier: run.carrier, clock: run.clock, wakeup: run.wakeup, stop: run.stop,
            timeout: run.options.lookupTimeout, pollInterval: run.options.pollInterval)
        try await LookupRecords(store: run.store).prepare(keys, of: account, plan: plan)
        let askedAt = run.clock.now()
        let outcome = try await lookup.look(up: keys, of: account)
        verified.formUnion(keys)
        let wanted = Set(keys)
        lookedUp.formUnion(plan.exceptions.filter { wanted.contains($0.key) }.compactMap(\.operation?.id))
        switch outcome {
        case .answered:
            try await LookupRecords(store: run.store).conclude(
                keys, askedAt: askedAt, at: run.clock.now(), policy: run.options.policy)
        case .unavailable(let reason):
            remark("Account \(account) offers no device list, so devices cannot be looked up first: \(reason)")
        case .unanswered(let reason):
            stoppedAccounts[account] =
                "Nothing is sent for account \(account): \(reason.capitalizedSentence) Devices that were never seen "
                + "must be looked up first; run again, or use --verify trust if none of them can hold a profile yet."
        case .signInRefused(let reason):
            stopRun(reason)
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
        try await run.store.write { transaction in
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
                        at: now, device: operation.key, kind: .overdue, operation: operation.id,
                        detail: "the second callback did not come in time")
                })
        }
        run.wakeup.notify()
    }
}
