/// The moving part of a run: looks at the state, lets out what may leave, waits, and looks again.
struct ApplyLoop {
    let run: ApplyRun
    /// Of the run, in the store.
    let number: RunNumber
    /// What a saved plan allows.
    private var review: PlanReview?
    private let sender: RequestSender
    private let startedAt: Timestamp
    private let progress: @Sendable (ApplyReport) -> Void
    let waiter: StateWaiter

    /// Whether a device, by its number in the fleet, was to be changed or was in flight at some time of the run.
    private var scope: [Bool]
    private var scopeCount = 0
    /// Accounts that are not called before a time, and those of them whose time had not come when the state was looked
    /// at last.
    private var busyUntil: [AccountName: Timestamp] = [:]
    private var busy: Set<AccountName> = []
    /// That another run acts on a device of this one.
    private var heldElsewhere: RunLockHeld?
    /// Accounts to which nothing more is sent, with the reason.
    var stoppedAccounts: [AccountName: String] = [:]
    /// Looks devices up beside this.
    let lookups: LookupService
    /// By what evidence is judged.
    private let evidence: EvidenceRule
    var lookupHistory: LookupHistory
    /// Until when devices, by their numbers in the fleet, wait that the carrier has not answered about.
    var unanswered: [Int: Timestamp] = [:]
    /// Why devices of an account wait.
    var unansweredAccounts: [AccountName: String] = [:]
    /// Operations that were looked up because nothing was heard of them, with the deadline that was over then.
    var lookedUp: [OperationID: Timestamp] = [:]
    private var hasLooked = false
    private(set) var pace = LookPace()
    private var unreachableInARow = 0
    /// The most devices in a request of the accounts that have refused larger ones.
    private var batchLimits: [AccountName: Int]
    var report = ApplyReport()

    init(
        run: ApplyRun, number: RunNumber, review: PlanReview?, sender: RequestSender, lookups: LookupService,
        evidence: EvidenceRule, batchLimits: [AccountName: Int], startedAt: Timestamp,
        progress: @escaping @Sendable (ApplyReport) -> Void
    ) {
        self.run = run
        self.lookups = lookups
        self.batchLimits = batchLimits
        self.evidence = evidence
        self.number = number
        self.review = review
        self.sender = sender
        self.startedAt = startedAt
        self.progress = progress
        waiter = StateWaiter(clock: run.clock, wakeup: run.wakeup, pollInterval: run.options.pollInterval)
        stoppedAccounts = run.options.stoppedAccounts
        for (key, until) in run.options.unanswered.dues {
            if let device = run.desired.index(of: key) { unanswered[device] = until }
        }
        scope = Array(repeating: false, count: run.desired.devices.count)
        lookupHistory = LookupHistory(
            devices: run.desired.devices.count, startedAt: startedAt,
            first: min(.seconds(1), run.options.policy.retryDelay))
    }

    /// So many unsuccessful calls in a row mean that the carrier cannot be reached.
    private static let unreachableLimit = 4

    /// - Throws: `StateStoreError`, `RunLockHeld`, `TooLargeChange`, `CancellationError`
    mutating func run() async throws -> ApplyReport {
        let deadline = startedAt + run.options.timeout
        let mark = try await run.store.read { try $0.eventMark() }
        while report.ending == .running {
            let seen = run.wakeup.count
            takeLookups()
            guard let (plan, gate) = try await look(until: deadline) else {
                report.ending = run.stop.isStopped ? .interrupted : .timedOut
                break
            }
            let open =
                stoppedAccounts.isEmpty
                ? gate.positions : gate.positions.filter { stoppedAccounts[plan.actions[$0].account] == nil }
            let sendable = Self.verified(open, of: plan)
            let opensAt = nextOpening(plan, gate)
            if report.ending == .running, !run.stop.isStopped { try await lookUpWhatIsDue(plan, gate) }
            if report.ending != .running {
                break
            } else if run.stop.isStopped {
                report.ending = .interrupted
            } else if run.clock.now() >= deadline {
                report.ending = isQuiet(plan, gate, open) ? quietEnding(plan, gate) : .timedOut
            } else if try await send(ActionQueue(plan, positions: withoutBusy(sendable, of: plan)), by: gate) {
                continue
            } else if !run.options.waitsForConvergence, !lookups.isUnderWay, !waitsForLookups(plan, open),
                busy.isEmpty || sendable.isEmpty, !waitsForBusyAccount(plan)
            {
                report.ending = endingWithoutWaiting(plan, gate)
            } else if isQuiet(plan, gate, open) {
                if let opensAt, opensAt < deadline, !run.options.endsWhenIdle {
                    // Hours may pass before there is something to see.
                    let pollInterval = run.options.pollInterval * Self.idlePolls
                    try await waiter.change(after: seen, until: min(opensAt, run.clock.now() + pollInterval))
                } else {
                    report.ending = quietEnding(plan, gate)
                }
            } else {
                let wake = [nextDue(plan), busyUntil.values.min(), opensAt].compactMap(\.self).min() ?? deadline
                let pollAt = run.clock.now() + run.options.pollInterval
                try await waitForNews(after: seen, until: min(deadline, wake, pollAt))
            }
        }
        for (account, reason) in unansweredAccounts where stoppedAccounts[account] == nil {
            stoppedAccounts[account] = reason
            for (number, until) in unanswered {
                let device = run.desired.devices[number]
                guard run.desired.accountName(of: device) == account else { continue }
                report.unanswered.add(device.key, of: account, until: until, because: reason)
            }
        }
        if let heldElsewhere { throw heldElsewhere }
        _ = try await look(until: deadline)
        report.events = try await run.store.read { try $0.eventCounts(after: mark) }
        progress(report)
        return report
    }

    // MARK: Looking

    /// What is known, once it is whole; `nil` if the run is to end before.
    private mutating func knownFleet(until deadline: Timestamp) async throws -> KnownFleet? {
        while true {
            let seen = run.wakeup.count
            let now = run.clock.now()
            switch try await run.store.read({ [wall = run.clock.wall()] in try $0.wholeFleet(at: wall, now: now) }) {
            case .known(let fleet): return fleet
            case .beingWritten(let recorder): remark(WholeFleet.explanation(of: recorder))
            }
            progress(report)
            guard !run.stop.isStopped, now < deadline else { return nil }
            try await waiter.change(after: seen, until: min(deadline, now + run.options.pollInterval))
        }
    }

    /// Plans from the state as it is now, and moves the roll-outs on.
    ///
    /// - Returns: `nil` if the run is to end before the state is whole.
    private mutating func look(until deadline: Timestamp) async throws -> (Plan, RolloutGate)? {
        let startedLooking = run.clock.now()
        if let sentence = ClockStep(run.clock.step())?.description { remark(sentence) }
        busyUntil = busyUntil.filter { $0.value > startedLooking }
        busy = Set(busyUntil.keys)
        guard let known = try await knownFleet(until: deadline) else { return nil }
        let plan = Planner(
            now: run.clock.now(), retriesFailuresBefore: run.options.retryFailed ? startedAt : nil,
            heedsDriftPolicy: run.options.heedsDriftPolicy, evidence: evidence,
            maxChange: run.options.policy.maxChange
        ).plan(desired: run.desired, known: known, within: review)
        if !hasLooked, run.options.largeChanges == .refuse, !plan.largeChanges.isEmpty {
            throw TooLargeChange(changes: plan.largeChanges)
        }
        hasLooked = true
        try await leaveAlone(plan.moved)
        let rollouts = try await RolloutBook(store: run.store, clock: run.clock).keep(plan, known.rollouts)
        // What the roll-out before has let out is nothing that a new one has let out.
        if rollouts.contains(where: { $0.follows(known.rollouts) }) { return try await look(until: deadline) }
        let gate = RolloutGate(
            plan, rollouts: rollouts, pauses: known.pauses, ignoresWindows: run.options.ignoresWindows,
            holdsLargeChanges: run.options.largeChanges == .hold)
        try await RolloutBook(store: run.store, clock: run.clock).keep(gate, rollouts)
        update(with: plan, gate)
        progress(report)
        pace.looked(from: startedLooking, to: run.clock.now())
        return (plan, gate)
    }

    /// Devices that have moved since the plan was made stay untouched for the rest of the run.
    private mutating func leaveAlone(_ moved: [Int]) async throws {
        guard let saved = run.goal.savedPlan, let fresh = review?.refuse(moved), !fresh.isEmpty else { return }
        report.moved += try await run.store.read { try MovedDevice.those(at: fresh, of: saved, in: $0) }
    }

    private mutating func update(with plan: Plan, _ gate: RolloutGate) {
        func add(_ device: Int) {
            if !scope[device] { scopeCount += 1 }
            scope[device] = true
        }
        for position in plan.actions.indices { add(plan.actions.deviceIndex(at: position)) }
        for exception in plan.exceptions { add(Int(exception.device)) }
        for device in plan.moved { add(device) }
        report.total = scopeCount
        report.unchanged = max(0, run.desired.devices.count - scopeCount)
        report.queued = plan.actions.count
        report.exceptions = plan.exceptions.filter { !$0.isAwaited }
        report.enablePending = plan.exceptions.count(where: \.isEnablePending)
        report.waiting = plan.exceptions.count { $0.reason.name == "waiting" }
        report.inFlight =
            plan.exceptions.count - report.exceptions.count - report.enablePending - report.waiting
        report.converged = scopeCount - plan.actions.count - plan.exceptions.count - plan.moved.count
        report.waves = gate.waves
        report.pause = gate.pause
        report.largeChanges = gate.largeChanges
        report.stoppedAccounts = stoppedAccounts
        report.closedWindows = gate.closedWindows
        guard run.options.ignoresWindows else { return }
        for window in plan.closedWindows {
            remark("Profile set \(window.profileSet) is changed outside its maintenance windows, as asked for.")
        }
    }

    // MARK: Sending

    /// Of these actions those that may leave: nothing has to be looked up first, neither for the device nor for another
    /// profile of its card, because one profile is switched off before another one is switched on.
    private static func verified(_ positions: [Int], of plan: Plan) -> [Int] {
        let verified = positions.filter { !plan.actions.isUnverified(at: $0) }
        guard !verified.isEmpty, verified.count < positions.count else { return verified }
        let waiting = Set(
            positions.lazy.filter { plan.actions.isUnverified(at: $0) }.map { plan.actions.device(at: $0).key.eid })
        return verified.filter { !waiting.contains(plan.actions.device(at: $0).key.eid) }
    }

    /// Of these actions those whose account may be called now.
    private func withoutBusy(_ positions: [Int], of plan: Plan) -> [Int] {
        busy.isEmpty ? positions : positions.filter { !isBusy(plan.actions[$0].account) }
    }

    func isBusy(_ account: AccountName) -> Bool { !busy.isEmpty && busy.contains(account) }

    /// Whether devices were not sent because their account was busy, and are due again when it is not.
    private func waitsForBusyAccount(_ plan: Plan) -> Bool {
        !busy.isEmpty
            && plan.exceptions.contains { exception in
                guard case .waiting(_, let until) = exception.reason, let free = busyUntil[exception.account] else {
                    return false
                }
                return until <= free
            }
    }

    /// Does not call an account before a time.
    mutating func leave(_ account: AccountName, until time: Timestamp) {
        busyUntil[account] = time
        busy.insert(account)
    }

    /// Sends what the queue holds, several calls at a time and as there is room, until it is time to look at the state
    /// again.
    /// - Returns: whether anything was sent or is due to be sent, so that the state is to be looked at again.
    private mutating func send(_ queue: ActionQueue, by gate: RolloutGate) async throws -> Bool {
        var queue = queue
        guard queue.count > 0 else { return false }
        var isToLookAgain = false
        let limits = SendingLimits(run.desired.sets.map(\.rollout))
        let lookAgainAt = pace.nextLook(after: run.clock.now(), pollInterval: run.options.pollInterval)
        var room = limits.inFlight - report.inFlight - report.enablePending
        var seen = run.wakeup.count
        try await withThrowingTaskGroup(of: (RequestSender.Result, RequestBatch).self) { group in
            var underWay = 0
            var devicesUnderWay: Set<DeviceKey> = []
            // However slow the machine is, each look leads to something: a run that does not wait would end otherwise.
            var isFirst = true
            while underWay > 0 || queue.count > 0 {
                let isInTime = isFirst || run.clock.now() < lookAgainAt
                let isFresh = isInTime && report.ending == .running && !run.stop.isStopped
                isFirst = false
                // A call for few devices costs as much as one for many: it waits until there is room for a full one.
                // The halves of a refused batch had their room before.
                while underWay < run.options.concurrentCalls, report.ending == .running, !run.stop.isStopped,
                    queue.holdsHalves || (isFresh && room >= min(limits.batchSize, queue.count)),
                    let batch = queue.next(
                        size: limits.batchSize, limit: { batchLimits[$0] },
                        isStopped: { stoppedAccounts[$0] != nil || isBusy($0) })
                {
                    underWay += 1
                    devicesUnderWay.formUnion(batch.actions.lazy.map(\.key))
                    room -= batch.actions.count
                    let releases = gate.releases
                    group.addTask { [sender] in
                        (try await sender.send(batch, under: releases), batch)
                    }
                }
                if underWay > 0, let (result, batch) = try await group.next() {
                    underWay -= 1
                    devicesUnderWay.subtract(batch.actions.lazy.map(\.key))
                    isToLookAgain = take(result, &queue) || isToLookAgain
                } else if isFresh, queue.count > 0 {
                    try await waiter.change(after: seen, until: lookAgainAt)
                    isToLookAgain = true
                } else {
                    return
                }
                if room < limits.batchSize, run.wakeup.count != seen {
                    seen = run.wakeup.count
                    let stored = try await run.store.read { try $0.devicesWithOperationInFlight() }
                    room = limits.room(stored: stored, underWay: devicesUnderWay, in: run.desired)
                }
            }
        }
        return isToLookAgain
    }

    /// - Returns: whether the state is to be looked at again.
    private mutating func take(_ result: RequestSender.Result, _ queue: inout ActionQueue) -> Bool {
        switch result {
        case .stale:
            return true
        case .cardsUnderWay:
            return false
        case .notYet(let account, let until):
            leave(account, until: until)
            return false
        case .heldElsewhere(let held):
            heldElsewhere = held
            stopRun(held.description)
            return true
        case .done:
            unreachableInARow = 0
        case .split(let first, let second, let isTooLarge):
            if isTooLarge {
                let size = AccountLimits.batch(after: first.actions.count + second.actions.count) ?? 1
                batchLimits[first.account] = min(batchLimits[first.account] ?? size, size)
            }
            queue.add(first, second)
        case .smaller(let account, let size):
            batchLimits[account] = max(1, min(batchLimits[account] ?? size, size))
        case .pause(let account, let until, let reason, let isUnreachable):
            leave(account, until: until)
            remark(reason)
            unreachableInARow = isUnreachable ? unreachableInARow + 1 : 0
            if unreachableInARow >= Self.unreachableLimit {
                stopRun("The carrier cannot be used: \(reason)")
            }
        case .stopAccount(let account, let reason):
            stoppedAccounts[account] = "Nothing more is sent for account \(account): \(reason)"
        case .stopRun(let reason):
            stopRun(reason)
        }
        report.requests += 1
        return true
    }

    mutating func stopRun(_ reason: String) {
        report.ending = .stopped(reason)
    }

    mutating func remark(_ text: String) {
        if !report.remarks.contains(text), report.remarks.count < 20 { report.remarks.append(text) }
    }
}
