/// Takes a fleet to its desired state: plans, sends what is to be sent, waits for the callbacks, plans again.
///
/// Every decision is made from the state read now; a change of the state only wakes the loop. So a run that was
/// killed is simply run again.
public struct ApplyRun: Sendable {
    let goal: ApplyGoal
    /// What the devices of the run are to become.
    let desired: DesiredFleet
    let store: any StateStore
    let carrier: any Carrier
    let clock: any WallClock
    let wakeup: Wakeup
    let options: ApplyOptions
    let stop: StopSwitch
    let lock: RunLock?
    let observer: any ProtocolObserver
    private let command: String
    private let commit: String?
    let pacer: RequestPacer

    /// - Parameters:
    ///   - command: what was typed, for the timelines of the devices.
    ///   - commit: of the manifests, where they come from git.
    ///   - wakeup: the one that the listener and the folder of callbacks tell of changes.
    ///   - stop: lets a person end the run; what is under way is written down first.
    ///   - lock: what the run holds; `nil` where nothing else can act on the store.
    public init(
        goal: ApplyGoal, store: any StateStore, carrier: any Carrier, clock: any WallClock, wakeup: Wakeup,
        options: ApplyOptions, stop: StopSwitch, command: String = "apply", commit: String? = nil, lock: RunLock? = nil,
        observer: any ProtocolObserver = IndifferentObserver()
    ) {
        self.goal = goal
        desired = goal.desired
        self.store = store
        self.carrier = carrier
        self.clock = clock
        self.wakeup = wakeup
        self.options = options
        self.stop = stop
        self.command = command
        self.commit = commit
        self.lock = lock
        self.observer = observer
        pacer = RequestPacer(goal.desired, store: store, clock: clock, options: options)
    }

    /// Runs until nothing is left to do or to wait for, or until told or forced to stop.
    ///
    /// - Parameter progress: told of each step forward, in order.
    /// - Throws: `StateStoreError`, `TooLargeChange`, `RunLockHeld`
    public func run(progress: @escaping @Sendable (ApplyReport) -> Void) async throws -> ApplyReport {
        let owner = RunOwner(command: command)
        let cause = RunCause(
            command: owner.command, person: owner.person, plan: goal.savedPlan?.checksum, fleet: goal.fleetDigest,
            commit: commit)
        return try await store.writingDown(cause, clock: clock) { number in
            try await run(as: number, progress: progress)
        } ending: {
            $0.ending.name
        }
    }

    private func run(
        as number: RunNumber, progress: @escaping @Sendable (ApplyReport) -> Void
    ) async throws -> ApplyReport {
        let startedAt = clock.now()
        let evidence = EvidenceRule(
            since: options.evidenceSince ?? startedAt, verification: options.verification,
            verifyAfter: options.policy.verifyAfter)
        let sender = RequestSender(
            store: store, carrier: carrier, clock: clock, policy: options.policy, evidence: evidence, pacer: pacer,
            lock: lock,
            waiter: StateWaiter(clock: clock, wakeup: wakeup, pollInterval: options.pollInterval), stop: stop,
            observer: observer, run: number)
        // The runs that have carried out the saved plan before, and this one.
        let review = try await store.read { [goal] reader in
            try goal.savedPlan.map { try PlanReview($0, in: reader, at: startedAt) }
        }
        let batchLimits = try await store.read { [desired] reader in
            var limits: [AccountName: Int] = [:]
            for account in desired.accounts {
                limits[account] = try reader.limits(of: account).actionBatch(at: startedAt)
            }
            return limits
        }
        try await noteMembers()
        try await adoptOrphans(number)
        let lookups = LookupService(wakeup: wakeup)
        return try await withThrowingTaskGroup(of: ApplyReport?.self) { group in
            group.addTask {
                try await lookups.run { try await lookUp($0, as: number) }
                return nil
            }
            group.addTask {
                var loop = ApplyLoop(
                    run: self, number: number, review: review, sender: sender, lookups: lookups, evidence: evidence,
                    batchLimits: batchLimits, startedAt: startedAt, progress: progress)
                return try await loop.run()
            }
            defer {
                lookups.finish()
                group.cancelAll()
            }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            throw CancellationError()
        }
    }

    /// Looks devices up that the run waits for, and writes down what the carrier says of them.
    private func lookUp(
        _ job: LookupService.Job, as number: RunNumber
    ) async throws -> LookupResult {
        try await RequestStatusCheck(
            store: store, carrier: carrier, pacer: pacer, clock: clock, policy: options.policy, run: number, stop: stop
        ).check(job.overdue, of: job.account)
        var result = try await DeviceLookup(
            asker: DeviceListAsker(
                store: store, carrier: carrier, pacer: pacer, clock: clock, wakeup: wakeup, stop: stop,
                timeout: options.lookupTimeout, pollInterval: options.pollInterval,
                longestWait: RequestPacer.patience, run: number),
            records: SightingRecords(store: store, policy: options.policy, run: number), lists: options.lists
        ).look(up: job.targets, of: job.account)
        try await noteDoubts(after: result, of: job.targets.keys, on: job.account)
        // They are named one by one, and hold up nobody else.
        result.answered.formUnion(result.unclear.keys)
        if job.targets.keys.allSatisfy(result.answered.contains) { result.problem = nil }
        return result
    }

    /// Puts devices in doubt of which the lists say nothing that can be used, and has those that are in doubt already and
    /// were not answered wait longer for their next lookup.
    private func noteDoubts(
        after result: LookupResult, of keys: [DeviceKey], on account: AccountName
    ) async throws {
        let unclear = result.unclear
        let open = keys.filter { !result.answered.contains($0) }
        guard !open.isEmpty else { return }
        let now = clock.now()
        try await store.write { transaction in
            let records = try transaction.devices(open)
            var changed: [DeviceRecord] = []
            for key in open {
                let isNew = records[key] == nil
                guard !isNew || unclear[key] != nil else { continue }
                var record = records[key] ?? DeviceRecord(key: key, account: account)
                guard record.operation?.isOpen != true else { continue }
                if record.hint == nil, let why = unclear[key] {
                    record.doubt(Hint(.unclearRecords, at: now, detail: why.excerpt(limit: 300)))
                }
                guard record.hint != nil else { continue }
                record.noteLookupInVain(asOf: now)
                changed.append(record)
            }
            try transaction.save(changed)
        }
    }

    /// Writes down which devices the profile sets have: what holds a set from now on holds them.
    private func noteMembers() async throws {
        let members = desired.members()
        let isWhole = goal.savedPlan == nil
        let stored = try await store.read { try $0.memberDigests() }
        guard members.contains(where: { stored[$0.profileSet] != $0.digest }) else { return }
        try await store.write { try $0.note(members, isWhole: isWhole) }
    }

    /// Operations that were intended by a run that has died since may or may not have been taken. Those of a run that is
    /// at work are left to it.
    private func adoptOrphans(_ number: RunNumber) async throws {
        let now = clock.now()
        let policy = options.policy
        try await store.write { transaction in
            let others = try lock?.others(in: transaction) ?? .none
            var changed: [Operation] = []
            var events: [StateEvent] = []
            for record in try transaction.devicesInFlight() {
                guard var operation = record.operation, operation.phase == .intended,
                    !others.areAtWork(on: operation)
                else { continue }
                let reason = "the run that sent the call ended before the answer was kept"
                _ = operation.received(.outcomeUnknown(reason: reason), at: now, policy: policy)
                changed.append(operation)
                var log = FoldLog(device: record.key, operation: operation, callback: nil, at: now, run: number)
                log.add(outcomeOf: operation)
                events += log.events
            }
            try transaction.update(changed)
            try transaction.append(events)
        }
    }
}

/// More would change than the sets' `maxChange` allows.
public struct TooLargeChange: ErrorOfSeveralLines, Sendable, CustomStringConvertible {
    public let changes: [LargeChange]

    public var displayText: DisplayText { changes.map { "\($0)" }.joined(separator: "\n") }

    public var description: String {
        changes.map(\.description).joined(separator: "\n")
    }
}

/// Lets a person end a run: once thrown, it stays thrown.
public final class StopSwitch: Sendable {
    private let wakeup: Wakeup
    private let thrown = Wakeup()

    /// - Parameter wakeup: told when the switch is thrown, so that who waits looks at it.
    public init(wakeup: Wakeup) {
        self.wakeup = wakeup
    }

    public func stop() {
        thrown.notify()
        wakeup.notify()
    }

    public var isStopped: Bool { thrown.count > 0 }

    /// Waits until the switch is thrown, or the task is cancelled.
    func whenStopped() async { await thrown.change(after: 0) }

    /// Waits until `time`, or until the switch is thrown.
    /// - Throws: `CancellationError`
    func wait(until time: Timestamp, on clock: any WallClock) async throws {
        let waiter = StateWaiter(clock: clock, wakeup: thrown, pollInterval: .seconds(1))
        try await waiter.wait(until: time, unless: self)
    }
}

/// A person has stopped the run.
public struct RunStopped: Error, CustomStringConvertible {
    public let description = "The run was stopped."
}
