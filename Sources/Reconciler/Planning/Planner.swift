/// Computes plans: pure, from the desired and the known fleet, by the table in DESIGN.md.
public struct Planner: Sendable {
    /// The time by which retries are due or not.
    public let now: Timestamp
    /// Devices whose attempts are used up, or that need a person, are tried once more if the last attempt was before
    /// this time; none are if it is `nil`.
    public let retriesFailuresBefore: Timestamp?
    /// Whether devices that moved away from what was reached are left as they are where the drift policy of their
    /// profile set says so: it is what a controller may do by itself, not what people may.
    public let heedsDriftPolicy: Bool
    /// By what evidence is judged.
    public let evidence: EvidenceRule
    /// The share, in per cent, of the devices of an account, and of all, whose profile is known to be there that may change
    /// at once.
    public let maxChange: Double

    /// - Parameter evidence: without one, evidence of before `now` permits no download.
    public init(
        now: Timestamp, retriesFailuresBefore: Timestamp? = nil, heedsDriftPolicy: Bool = false,
        evidence: EvidenceRule? = nil, maxChange: Double = ConvergencePolicy.usualMaxChange
    ) {
        self.now = now
        self.maxChange = maxChange
        self.evidence = evidence ?? EvidenceRule(since: now)
        self.retriesFailuresBefore = retriesFailuresBefore
        self.heedsDriftPolicy = heedsDriftPolicy
    }

    /// Merges the two fleets, both in the order of their keys. Of a fleet that is only partly selected the other devices
    /// count for waves and limits, and nothing is planned for them.
    public func plan(desired: DesiredFleet, known: KnownFleet) -> Plan {
        plan(desired: desired, known: known, within: nil)
    }

    /// - Parameter review: the saved plan that nothing may go beyond; its devices are those of `desired`.
    func plan(desired: DesiredFleet, known: KnownFleet, within review: PlanReview?) -> Plan {
        var plan = Plan(createdAt: now, desired: desired)
        if let review {
            plan.reviewedAt = review.saved.plan.createdAt
            plan.partialRollouts = plan.rollouts
        }
        plan.busyCards = Set(known.operations.lazy.filter(\.isOpen).map(\.key.eid))
        let heldCards = heldCards(desired, known)
        var change = ChangeTally(setCount: desired.sets.count, accountCount: desired.accounts.count)
        var held = HeldDevicesFinder(known.heldSets, setCount: desired.sets.count)
        let rollouts = desired.sets.map { set in
            known.rollouts.last { $0.profileSet == set.name }.map { Int32(truncatingIfNeeded: $0.number.number) } ?? 0
        }
        var cards = SplitCards()
        let selection = desired.selection
        var moves = KeyCursor(known.moves)
        var doubts = KeyCursor(known.doubts)
        var cursor = 0
        for (number, device) in desired.devices.enumerated() {
            while cursor < known.devices.count, known.devices[cursor].key < device.key {
                plan.noteOther(known.devices[cursor], in: known, rollouts)
                cursor += 1
            }
            var record: KnownDevice?
            if cursor < known.devices.count, known.devices[cursor].key == device.key {
                record = known.devices[cursor]
                cursor += 1
            }
            let hint = record == nil ? nil : doubts.row(of: device.key)?.hint
            var step = step(for: device.state, record: record, hint, in: known)
            if let review {
                step = review.limit(step, of: number, record, record.flatMap { known.operation(of: $0) })
            }
            if step.isAction, let held = heldCards[device.key.eid], held != device.key {
                step = .except(.held("another profile of its eUICC, \(held.iccid), is held", nil))
            }
            let hasDrifted = !step.isNothing && (record.map { Self.hasDrifted($0, from: device.state) } ?? false)
            if heedsDriftPolicy, hasDrifted, step.isAction {
                let policy = desired.profileSet(of: device).drift
                if policy != .correct { step = .except(.drifted(policy)) }
            }
            let isReleased =
                record.map { record in
                    Self.isReleased(
                        record, for: device.state, by: rollouts[Int(device.set)],
                        isToTakeBack: hasDrifted && step.isAction)
                } ?? false
            let rollout = rollouts[Int(device.set)]
            let wasReleased = rollout != 0 && record?.rollout == rollout
            if rollout != 0 {
                cards.note(
                    number, in: desired, isReleased: isReleased, wasReleased: wasReleased, isToChange: step.isAction)
            }
            plan.rollouts[Int(device.set)].count(step.standing, isReleased: isReleased, wasReleased: wasReleased)
            let isSelected = selection?.contains(number) ?? true
            // Another attempt at what was let out is no further change; what is being taken back still counts, or
            // drift that is told bit by bit would never be too much.
            let isCorrection = hasDrifted && (step.standing == .toSend || step.standing == .underWay)
            if (record?.profile?.isOnDevice ?? false) || record?.reached != nil {
                change.count(
                    ChangeTally.Change(
                        set: Int(device.set), account: Int(device.account),
                        isChange: isSelected
                            && (isCorrection || (step.isAction || step.mayBecomeAction) && !isReleased),
                        hasDrifted: hasDrifted, isGone: record?.profile?.isOnDevice == false))
            }
            if !held.isEmpty {
                let set = (number: Int(device.set), name: desired.sets[Int(device.set)].name)
                if held.note(device.key, in: set, isChange: isSelected && step.isAction) {
                    plan.hold(number, isPending: step.isAction && !isReleased)
                }
            }
            guard isSelected else {
                if step.isAction, !isReleased { plan.pendingElsewhere.append(number) }
                continue
            }
            plan.partialRollouts?[Int(device.set)].count(
                step.standing, isReleased: isReleased, wasReleased: wasReleased)
            if hasDrifted, let isNow = record?.profile {
                plan.drifts.append(
                    Drift(device, of: desired.accountName(of: device), isNow: isNow, moves.row(of: device.key)))
            }
            switch step {
            case .nothing:
                plan.convergedCount += 1
            case .act(let action, let attempt):
                plan.actions.append(
                    action, on: number, known: record?.profile, version: record?.version ?? 0, attempt: attempt,
                    isDrift: hasDrifted, isReleased: isReleased, run: record?.run ?? 0,
                    provenAtMilliseconds: record?.provenAtMilliseconds ?? 0,
                    isUnverified: isUnverified(action, record, hint, in: known))
            case .except(let reason):
                if let hint, reason.isSettledByLookup { plan.doubts[device.key] = hint }
                plan.exceptions.append(
                    PlanException(
                        key: device.key, account: desired.accountName(of: device), desired: device.state,
                        known: record?.profile, reason: reason, device: number))
            case .leaveAlone:
                plan.moved.append(number)
            }
        }
        for other in known.devices[cursor...] { plan.noteOther(other, in: known, rollouts) }
        plan.heldDevices = held.found(in: desired)
        if let review {
            plan.largeChanges = review.saved.plan.largeChanges
            return plan
        }
        cards.letOut(of: &plan)
        plan.largeChanges = change.largeChanges(in: desired, maxChange: maxChange)
        return plan
    }

    /// eUICCs of which nothing can be asked for until somebody has settled what became of one of their profiles: no
    /// lookup will tell, or the profile is none that a run looks up.
    private func heldCards(_ desired: DesiredFleet, _ known: KnownFleet) -> [EID: DeviceKey] {
        var held: [EID: DeviceKey] = [:]
        for operation in known.operations {
            switch operation.phase {
            case .unresolved(_, lookedUpAt: nil): if desired.contains(operation.key) { continue }
            case .unresolved: break
            case .submitted(_, let deadline), .enablePending(let deadline):
                if deadline > now || desired.contains(operation.key) { continue }
            case .intended, .succeeded, .failed, .withdrawn: continue
            }
            held[operation.key.eid] = operation.key
        }
        return held
    }

    private func isUnverified(
        _ action: ProfileAction, _ record: KnownDevice?, _ hint: Hint?, in known: KnownFleet
    ) -> Bool {
        let facts = Evidence(record, hint: hint, operation: record.flatMap { known.operation(of: $0) })
        return facts.permission(for: action, at: now, by: evidence) != .permitted
    }

    private func step(
        for desired: DesiredState, record: KnownDevice?, _ hint: Hint?, in known: KnownFleet
    ) -> PlanStep {
        guard let record else {
            return .act(Self.download(for: desired), attempt: 1)
        }
        let isOnAccount = known.isOnAccount(record)
        if hint == nil, isOnAccount, !record.hasOperation, record.profile == desired.profileState { return .nothing }
        let operation = known.operation(of: record)
        switch operation?.phase {
        case .intended, .submitted, .enablePending:
            return operation.map { .except(.inProgress($0)) } ?? .nothing
        case .unresolved(let reason, _):
            return .except(.held(reason, operation))
        case .succeeded, .failed, .withdrawn, nil:
            break
        }
        // What is known of a profile that the account does not have any more is worth nothing.
        guard isOnAccount else { return .except(.blocked(.notOnAccount)) }
        let decision = Self.action(for: desired, known: record.profile)
        if let hint, !evidence.covers(hint, before: decision.action) {
            // What was refused for good stays so until the records say otherwise.
            if hint.kind == .requestFailed, case .failed(let failure, nil) = operation?.phase,
                !isRetried(operation), record.profile != desired.profileState
            {
                return .except(.failed(failure, attempts: operation?.attempt ?? 1))
            }
            return .except(.unconfirmed(hint, isAsDesired: record.profile == desired.profileState))
        }
        switch decision {
        case .nothing:
            return .nothing
        case .hold:
            return .except(.held("the carrier was asked and does not know the state of the profile", nil))
        case .take(let action):
            let service = known.service(of: record)
            guard service.allowsChange else { return .except(.blocked(service)) }
            return step(taking: action, after: operation)
        }
    }

    private func step(taking action: ProfileAction, after operation: Operation?) -> PlanStep {
        guard let operation else { return .act(action, attempt: 1) }
        if case .withdrawn(let reason, let retryAt?) = operation.phase, retryAt > now {
            let failure = OperationFailure(
                code: nil, carrierText: nil, explanation: reason.capitalizedSentence, remedy: .retry)
            return .except(.waiting(failure, until: retryAt))
        }
        guard case .failed(let failure, let retryAt) = operation.phase else {
            return .act(action, attempt: operation.attemptsUsed + 1)
        }
        if isRetried(operation) { return .act(action, attempt: 1) }
        // The wish has changed since, or the failed action was a step to another one: that is no repetition.
        guard operation.action.expectedState == action.expectedState else {
            // Whatever it was to become, a download that failed is looked up before the next one, when that is due.
            if let retryAt, retryAt > now, operation.action.isDownload, action.isDownload {
                return .except(.waiting(failure, until: retryAt))
            }
            return .act(action, attempt: 1)
        }
        guard let retryAt else { return .except(.failed(failure, attempts: operation.attempt)) }
        guard retryAt <= now else { return .except(.waiting(failure, until: retryAt)) }
        return .act(action, attempt: operation.attemptsUsed + 1)
    }

    /// Whether a person wants another attempt after this one.
    private func isRetried(_ operation: Operation?) -> Bool {
        guard let before = retriesFailuresBefore, let operation else { return false }
        return operation.intendedAt < before
    }

    private enum Wish {
        case nothing
        case hold
        case take(ProfileAction)

        var action: ProfileAction? {
            if case .take(let action) = self { return action }
            return nil
        }
    }

    private static func action(for desired: DesiredState, known: ProfileState?) -> Wish {
        switch (desired, known) {
        case (_, nil), (_, .notDownloaded), (_, .deleted): .take(download(for: desired))
        case (.downloadedEnabled, .downloadedDisabled): .take(.enable)
        case (.downloadedDisabled, .downloadedEnabled): .take(.disable)
        case (.downloadedEnabled, .downloadedEnabled), (.downloadedDisabled, .downloadedDisabled): .nothing
        case (_, .unknown): .hold
        }
    }

    private static func download(for desired: DesiredState) -> ProfileAction {
        switch desired {
        case .downloadedEnabled: .downloadEnable
        case .downloadedDisabled: .downloadDisable
        }
    }

    /// Whether a roll-out has let a device out for this state: one that has reached another state since, or that has
    /// moved away after it had landed, has a change before it that nobody has let out.
    ///
    /// - Parameter isToTakeBack: whether it has moved away, and something is to be sent.
    private static func isReleased(
        _ record: KnownDevice, for desired: DesiredState, by rollout: Int32, isToTakeBack: Bool
    ) -> Bool {
        guard rollout != 0, record.rollout == rollout else { return false }
        if record.hasOperation { return true }
        return !isToTakeBack && (record.reached == nil || record.reached == desired.profileState)
    }

    /// A state that nobody can tell is not one that it has moved to.
    private static func hasDrifted(_ record: KnownDevice, from desired: DesiredState) -> Bool {
        guard let reached = record.reached, let profile = record.profile, profile != .unknown else { return false }
        return reached == desired.profileState && profile != reached
    }
}
