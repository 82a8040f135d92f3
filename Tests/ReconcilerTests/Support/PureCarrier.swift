@testable import Reconciler

/// A carrier without HTTP and without time, beside the records that a store would keep of it: what is so of each
/// profile, and what becomes of each action. All of it is drawn from a seed.
struct PureCarrier {
    private var random: SeededGenerator
    private(set) var now = Timestamp(milliseconds: 1_790_000_000_000)
    /// What is so.
    private(set) var truth: [DeviceKey: ProfileState] = [:]
    /// What is known.
    private(set) var records: [DeviceKey: DeviceRecord] = [:]
    /// What is wanted.
    private(set) var desired = DesiredFleet()
    /// The run whose operations are begun from now on.
    var run: RunNumber?
    /// Everything that was asked for.
    private(set) var sent: [(key: DeviceKey, action: ProfileAction)] = []

    private var operationCount: Int64 = 0
    private let policy = ConvergencePolicy()

    private static let retry = OperationFailure(code: "8.1,5.1", carrierText: "x", explanation: "Busy.", remedy: .retry)
    private static let person = OperationFailure(code: "8.2,3.8", carrierText: "x", explanation: "No.", remedy: .person)

    /// A pair of a desired and a known fleet, small enough to hold many corners at once.
    ///
    /// - Parameter cards: eUICCs with their profiles, in the order of their keys.
    init(seed: UInt64, cards: [[DeviceKey]]) {
        random = SeededGenerator(seed: seed)
        desired.accounts = [Fleets.account, AccountName("0742077109-00002")]
        desired.smsrs = [Fleets.smsr]
        var limited = RolloutPolicy()
        limited.waves = [.upTo(.percent(10)), .upTo(.devices(3))]
        limited.abortWhen = RolloutPolicy.AbortRule(failed: .percent(50), atLeast: 2)
        desired.sets = [
            ProfileSet(name: "a", rollout: RolloutPolicy(), place: nil),
            ProfileSet(name: "b", rollout: limited, place: nil),
        ]
        for card in cards {
            // An eUICC enables one profile at a time.
            let wanted = chance(0.7) ? card.randomElement(using: &random) : nil
            var enabled = chance(0.5) ? card.randomElement(using: &random) : nil
            for key in card {
                let there: ProfileState = key == enabled ? .downloadedEnabled : .downloadedDisabled
                truth[key] = chance(0.6) ? there : chance(0.7) ? .notDownloaded : .deleted
                if truth[key] != .downloadedEnabled, key == enabled { enabled = nil }
                if chance(0.85) { declare(key, key == wanted ? .downloadedEnabled : .downloadedDisabled) }
                if chance(0.8) { know(key) }
            }
        }
    }

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    private mutating func declare(_ key: DeviceKey, _ state: DesiredState) {
        desired.devices.append(
            DesiredDevice(
                key: key, state: state, account: chance(0.8) ? 0 : 1, smsr: 0, set: chance(0.5) ? 0 : 1, file: 0,
                labels: 0, line: 0, column: 0, imeiDigits: .none))
    }

    private mutating func know(_ key: DeviceKey) {
        var record = DeviceRecord(key: key, account: Fleets.account, version: Int64.random(in: 1...9, using: &random))
        if chance(0.85) {
            let state = chance(0.9) ? truth[key] ?? .unknown : .unknown
            record.observation = ProfileObservation(state: state, profileStatus: nil, at: now, source: .callback)
        }
        let services: [ServiceState] = [
            .active, .active, .active, .unknown, .unknown, .suspended, .deactivated, .notOnAccount, .other("INVENTORY"),
        ]
        record.service = services.randomElement(using: &random) ?? .active
        // What differs from it is drift.
        if chance(0.5) { record.reached = chance(0.5) ? .downloadedEnabled : .downloadedDisabled }
        if chance(0.6) { record.operation = earlierOperation(on: key) }
        records[key] = record
    }

    private mutating func earlierOperation(on key: DeviceKey) -> Operation {
        let phases: [Operation.Phase] = [
            .intended, .submitted(RequestID("r"), deadline: now + .seconds(60)), .enablePending(deadline: now),
            .unresolved(reason: "x"), .unresolved(reason: "x", lookedUpAt: now), .succeeded, .succeeded,
            .failed(Self.retry, retryAt: now), .failed(Self.retry, retryAt: now + .seconds(600)),
            .failed(Self.person, retryAt: nil), .withdrawn(reason: "y", retryAt: nil),
            .withdrawn(reason: "y", retryAt: now + .seconds(5)),
        ]
        // Only what can be asked for of a profile that is as it is.
        let actions: [ProfileAction] =
            switch truth[key] {
            case .downloadedEnabled: [.disable]
            case .downloadedDisabled: [.enable]
            default: [.downloadEnable, .downloadDisable]
            }
        return begin(
            actions.randomElement(using: &random) ?? .enable, on: key, attempt: Int.random(in: 1...4, using: &random),
            at: now - .seconds(3600), phases.randomElement(using: &random) ?? .succeeded)
    }

    private mutating func begin(
        _ action: ProfileAction, on key: DeviceKey, attempt: Int, at intendedAt: Timestamp,
        _ phase: Operation.Phase = .intended
    ) -> Operation {
        operationCount += 1
        return Operation(
            id: OperationID(operationCount), key: key, action: action, account: Fleets.account, smsr: Fleets.smsr,
            attempt: attempt, request: RequestNumber(operationCount), intendedAt: intendedAt, run: run, phase: phase)
    }

    // MARK: Applying

    /// Plans and applies until nothing is left to do or to wait for.
    ///
    /// - Parameter check: given each plan before it is applied.
    /// - Returns: the last plan; `nil` if there is no end to it.
    mutating func converge(
        within review: inout PlanReview?, check: (Plan, PureCarrier) -> Void
    ) -> Plan? {
        adoptOrphans()
        let startedAt = now
        for _ in 0..<80 {
            let plan = Planner(now: now, evidence: EvidenceRule(since: startedAt)).plan(
                desired: desired, known: KnownFleet(records.values), within: review)
            _ = review?.refuse(plan.moved)
            check(plan, self)
            guard apply(plan) else { return plan }
            now = now + .seconds(60)
        }
        return nil
    }

    /// What was intended by a run that has died may or may not have been taken.
    private mutating func adoptOrphans() {
        let (now, policy) = (now, policy)
        for key in records.keys.sorted() where records[key]?.operation?.phase == .intended {
            change(key) { _ = $0.operation?.received(.outcomeUnknown(reason: "x"), at: now, policy: policy) }
        }
    }

    /// - Returns: whether anything was done or awaited.
    private mutating func apply(_ plan: Plan) -> Bool {
        var isBusy = false
        for action in plan.actions where action.isUnverified {
            lookUp(action.key)
            isBusy = true
        }
        var queue = ActionQueue(plan, positions: plan.actions.indices.filter { !plan.actions.isUnverified(at: $0) })
        while let batch = queue.next(size: 2, isStopped: { _ in false }) {
            for action in batch.actions { send(action) }
            isBusy = true
        }
        for exception in plan.exceptions {
            switch exception.reason {
            case .inProgress: goOn(exception.key)
            case .held(_, let operation?) where operation.phase.mayBeSettledByLookup: lookUp(exception.key)
            case .waiting(_, let until): now = max(now, until)
            case .unconfirmed(let hint, _):
                now = max(now, hint.lookupAt)
                lookUp(exception.key)
            case .held, .blocked, .failed, .drifted, .recorded: continue
            }
            isBusy = true
        }
        // What cannot leave waits for its eUICC.
        return isBusy || !plan.actions.isEmpty
    }

    private mutating func change(_ key: DeviceKey, _ body: (inout DeviceRecord) -> Void) {
        var record = records[key] ?? DeviceRecord(key: key, account: Fleets.account)
        body(&record)
        record.version += 1
        records[key] = record
    }

    private mutating func lookUp(_ key: DeviceKey) {
        let (tells, isListed) = (chance(0.85), chance(0.95))
        let (now, policy, truth) = (max(now, now + policy.callbackDeadline), policy, truth[key] ?? .notDownloaded)
        self.now = now
        change(key) { record in
            if var operation = record.operation, operation.isOpen {
                let effect = operation.received(
                    .lookedUp(tells ? truth : nil, asOf: now), at: now, policy: policy)
                record.take(operation, effect, at: now)
            } else if !isListed {
                record.service = .notOnAccount
            } else {
                if record.service == .unknown { record.service = .active }
                guard tells else {
                    record.doubt(Hint(.unclearRecords, at: now, detail: "the records do not tell"))
                    record.noteLookupInVain(asOf: now)
                    return
                }
                record.prove(truth, word: nil, asOf: now, source: .deviceListV2, lag: policy.recordsLag)
            }
        }
    }

    private mutating func send(_ action: PlannedAction) {
        sent.append((action.key, action.action))
        var operation = begin(action.action, on: action.key, attempt: action.attempt, at: now)
        if chance(0.05) {
            // The call left, and the answer is lost.
            if chance(0.5) { carryOut(operation) }
            _ = operation.received(.outcomeUnknown(reason: "x"), at: now, policy: policy)
        } else if chance(0.05) {
            _ = operation.received(.withdrawn(reason: "busy", retryAt: nil), at: now, policy: policy)
        } else {
            _ = operation.received(.accepted(RequestID("r")), at: now, policy: policy)
        }
        change(action.key) { $0.operation = operation }
    }

    /// What is in flight comes a step further.
    private mutating func goOn(_ key: DeviceKey) {
        guard var operation = records[key]?.operation else { return }
        let event: OperationEvent
        switch operation.phase {
        case .intended:
            event = .outcomeUnknown(reason: "the run has died")
        case .enablePending(let deadline):
            if chance(0.5) {
                carryOut(operation)
                event = .reportedSuccess(operation.action.expectedState)
            } else {
                now = max(now, deadline)
                event = .enablingOverdue
            }
        default:
            switch Int.random(in: 0..<10, using: &random) {
            case 0: event = .reportedFailure(Self.person)
            case 1, 2: event = .reportedFailure(Self.retry)
            case 3:
                if operation.action.isDownload { truth[key] = .downloadedDisabled }
                event = .reportedWarning
            default:
                carryOut(operation)
                event = .reportedSuccess(chance(0.5) ? operation.action.expectedState : nil)
            }
        }
        let effect = operation.received(event, at: now, policy: policy)
        let now = now
        change(key) { $0.take(operation, effect, at: now) }
    }

    private mutating func carryOut(_ operation: Operation) {
        truth[operation.key] = operation.action.expectedState
        guard operation.action.expectedState == .downloadedEnabled else { return }
        for key in truth.keys.sorted()
        where key.eid == operation.key.eid && key != operation.key && truth[key] == .downloadedEnabled {
            // Enabling one profile disables the other; that the records are read is not for this model to show.
            truth[key] = .downloadedDisabled
            guard records[key]?.observation != nil else { continue }
            let now = now
            change(key) { $0.learn(.downloadedDisabled, status: nil, at: now, source: .deviceListV2) }
        }
    }

    // MARK: Other hands

    /// Changes a device elsewhere, and lets it be known.
    mutating func moveByOtherHands(_ key: DeviceKey) {
        now = now + .seconds(60)
        let now = now
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            change(key) { $0.service = .suspended }
        case 1:
            run = RunNumber(99)
            let operation = begin(.disable, on: key, attempt: 1, at: now, .succeeded)
            change(key) { $0.operation = operation }
        default:
            let known = records[key]?.observation?.state
            let states = ProfileState.allCases.filter { $0 != known && $0 != .unknown }
            let state = states.randomElement(using: &random) ?? .deleted
            truth[key] = state
            change(key) { $0.learn(state, status: nil, at: now, source: .callback) }
        }
    }

    /// The records are read, and all is as it was.
    mutating func confirm(_ key: DeviceKey) {
        let now = now
        change(key) { record in
            guard let state = record.observation?.state else { return }
            record.learn(state, status: nil, at: now, source: .deviceListV1)
        }
    }

    /// Limits everything to what is planned now, through a plan file.
    mutating func savedPlan() throws -> SavedPlan {
        let plan = Planner(now: now).plan(desired: desired, known: KnownFleet(records.values))
        var bytes: [UInt8] = []
        PlanFile.write(plan, toolVersion: "1") { bytes += $0 }
        let saved = try PlanFile.read(ManifestText(.init(bytes)), path: "memory")
        desired = saved.fleet
        now = now + .seconds(60)
        return saved
    }
}

extension DeviceRecord {
    /// Takes over what an event did to the latest operation, as the readers of callbacks and lists do.
    fileprivate mutating func take(_ operation: Operation, _ effect: OperationEffect, at now: Timestamp) {
        self.operation = operation
        learn(effect.profile, status: nil, at: now, source: .callback)
        if effect.changed, operation.phase == .succeeded { reached = operation.action.expectedState }
    }
}
