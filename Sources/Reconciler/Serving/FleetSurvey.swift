/// Where a fleet stands at a moment, and whether there is something to be done for it: pure, from one look at the store.
struct FleetSurvey: Sendable {
    let at: Timestamp
    let plan: Plan
    private let gate: RolloutGate
    private let policy: ConvergencePolicy
    /// Accounts that are not called at the moment.
    private let stopped: Set<AccountName>
    private let known: KnownFleet
    /// Profile sets that other runs act on.
    private let taken: TakenSets
    /// Devices that are not looked up before a time.
    private let unanswered: UnansweredLookups

    /// - Parameters:
    ///   - stopped: accounts that are not called at the moment.
    ///   - taken: profile sets that other runs act on.
    ///   - unanswered: devices that are not looked up before a time.
    ///   - evidence: by what evidence is judged.
    init(
        _ desired: DesiredFleet, _ known: KnownFleet, at now: Timestamp, policy: ConvergencePolicy,
        stopped: Set<AccountName> = [], taken: TakenSets = TakenSets(),
        unanswered: UnansweredLookups = UnansweredLookups(), evidence: EvidenceRule? = nil
    ) {
        at = now
        self.policy = policy
        self.stopped = stopped
        self.known = known
        self.taken = taken
        self.unanswered = unanswered
        plan = Planner(
            now: now, heedsDriftPolicy: true, evidence: evidence, maxChange: policy.maxChange
        ).plan(desired: desired, known: known)
        gate = RolloutGate(plan, rollouts: known.rollouts, pauses: known.pauses, holdsLargeChanges: true)
    }

    // MARK: What is to be done

    /// Whether a run would find something to send or to look up.
    var needsRun: Bool { hasWork { !$0 } }

    /// Whether others are at work on sets for which a run would find something to do.
    var waitsForOthers: Bool { hasWork { $0 } }

    /// Whether a run would find something to send.
    var canSend: Bool { canSend(to: areTaken.map { !$0 }) }

    /// Whether another run acts on a set, in the order of the fleet's sets.
    private var areTaken: [Bool] { plan.actions.fleet.sets.map { taken.holder(of: $0.name) != nil } }

    /// - Parameter isMeant: of each set.
    private func canSend(to isMeant: [Bool]) -> Bool {
        gate.positions.contains { position in
            isMeant[Int(plan.actions.device(at: position).set)] && !stopped.contains(plan.actions[position].account)
                && !(plan.actions.isUnverified(at: position)
                    && unanswered.isWaiting(plan.actions.device(at: position).key, at: at))
        }
    }

    /// - Parameter isMeant: given whether another run acts on the set of a device.
    private func hasWork(_ isMeant: (Bool) -> Bool) -> Bool {
        let isMeant = areTaken.map(isMeant)
        return canSend(to: isMeant)
            || plan.actions.fleet.sets.indices.contains { isMeant[$0] && hasFinishedRollout($0) }
            || plan.exceptions.contains { exception in
                isMeant[Int(plan.actions.fleet.devices[Int(exception.device)].set)]
                    && !stopped.contains(exception.account) && isDue(exception)
            }
    }

    /// Whether the last devices of a roll-out landed while no run was looking, which would have ended it.
    private func hasFinishedRollout(_ set: Int) -> Bool {
        let name = plan.actions.fleet.sets[set].name
        guard let record = known.rollouts.last(where: { $0.profileSet == name }), record.abort == nil else {
            return false
        }
        return plan.rollouts[set].pending == 0 && plan.rollouts[set].hasLanded
    }

    private func isDue(_ exception: PlanException) -> Bool {
        if unanswered.isWaiting(exception.key, at: at) { return false }
        if let hint = plan.doubts[exception.key], hint.dueAt(at) <= at { return true }
        switch exception.reason {
        case .inProgress(let operation) where operation.phase == .intended:
            // Who wrote it down has died, or holds the lock that the run would need.
            return true
        case .held(_, let operation?) where !operation.phase.mayBeSettledByLookup:
            return false
        case .inProgress, .held:
            return exception.dueAt(by: policy).map { $0 <= at } ?? false
        case .blocked, .unconfirmed, .waiting, .failed, .drifted, .recorded:
            return false
        }
    }

    /// When there may be something to do although nothing happens until then.
    var nextDue: Timestamp? {
        let dues = plan.exceptions.lazy.compactMap { $0.dueAt(by: policy) }.filter { $0 > at }
        let lookups = plan.doubts.values.lazy.map { $0.dueAt(at) }.filter { $0 > at }
        let opening = gate.closedWindows.map(\.opensAt).min()
        return [dues.min(), lookups.min(), opening, unanswered.nextDue(after: at)].compactMap(\.self).min()
    }

    /// Accounts with operations whose outcome should have been heard of by now.
    var overdueAccounts: Set<AccountName> {
        plan.exceptions.reduce(into: []) { accounts, exception in
            // The second callback after a warning comes when the device can be reached, which may be never.
            guard case .inProgress(let operation) = exception.reason,
                case .submitted(_, let deadline) = operation.phase,
                deadline <= at
            else { return }
            accounts.insert(exception.account)
        }
    }

    // MARK: Where it stands

    /// In the order of the fleet's sets.
    func profileSets() -> [ControllerStatus.ProfileSetStatus] {
        let fleet = plan.actions.fleet
        var sets = fleet.sets.map { ControllerStatus.ProfileSetStatus(name: $0.name, driftPolicy: $0.drift) }
        for device in fleet.devices { sets[Int(device.set)].devices += 1 }
        for position in plan.actions.indices {
            let set = Int(plan.actions.device(at: position).set)
            sets[set].pending += 1
            if plan.actions.isDrift(at: position) { sets[set].drift += 1 }
        }
        for exception in plan.exceptions {
            let set = Int(fleet.devices[Int(exception.device)].set)
            switch exception.reason {
            case .blocked: sets[set].blocked += 1
            case .inProgress: sets[set].inFlight += 1
            case .held, .unconfirmed(_, isAsDesired: false): sets[set].held += 1
            case .unconfirmed(_, isAsDesired: true): break
            case .waiting: sets[set].waiting += 1
            case .failed, .recorded: sets[set].failed += 1
            case .drifted:
                sets[set].pending += 1
                sets[set].drift += 1
            }
        }
        for index in sets.indices {
            let set = sets[index]
            sets[index].converged =
                set.devices - set.pending - set.inFlight - set.waiting - set.failed - set.held - set.blocked
            sets[index].rollout = rollout(of: index)
            sets[index].holds = holds(of: index)
            if case .tooLarge(let change) = gate.steps[index].decision, plan.rollouts[index].hasWork {
                sets[index].largeChange = change.description
                sets[index].largeChangeDevices = change.changes
            }
        }
        return sets
    }

    private func rollout(of set: Int) -> ControllerStatus.Rollout? {
        let name = plan.actions.fleet.sets[set].name
        guard let record = known.rollouts.last(where: { $0.profileSet == name }) else { return nil }
        let step = gate.steps[set]
        let abort: String? =
            switch step.decision {
            case .abort(let reason), .aborted(let reason):
                "\(reason) `profilectl resume --set \(name)` begins anew with what is left."
            case .release, .closed, .paused, .tooLarge: nil
            }
        return ControllerStatus.Rollout(
            startedAt: record.startedAt, wave: step.wave.number, waveCount: step.wave.count, abort: abort)
    }

    private func holds(of set: Int) -> [String] {
        guard plan.rollouts[set].hasWork else { return [] }
        let name = plan.actions.fleet.sets[set].name
        if let holder = taken.holder(of: name) { return ["Another run acts on it: \(holder)."] }
        let held = heldDevices.filter { $0.places.contains { $0.profileSet == name } }.map(\.description)
        return held + holds(of: name, gate.steps[set].decision)
    }

    /// Devices with something to be done that stay held for a profile set that named them before.
    var heldDevices: [HeldDevices] { plan.heldDevices.filter { $0.changes > 0 } }

    private func holds(of profileSet: String, _ decision: RolloutStep.Decision) -> [String] {
        switch decision {
        case .release, .abort, .aborted: []
        case .closed:
            gate.closedWindows.filter { $0.profileSet == profileSet }.map(\.description)
        case .paused(let pause):
            ["Paused by \(pause.by) at \(pause.at)\(pause.reason.isEmpty ? "." : ": \(pause.reason)")"]
        case .tooLarge(let change): [change.description]
        }
    }

    /// How the profiles of the declared devices are, by name.
    func profiles() -> [String: Int] {
        var counts = [Int](repeating: 0, count: 256)
        var seen = 0
        var cursor = 0
        for device in plan.actions.fleet.devices {
            while cursor < known.devices.count, known.devices[cursor].key < device.key { cursor += 1 }
            guard cursor < known.devices.count, known.devices[cursor].key == device.key,
                known.devices[cursor].profile != nil
            else { continue }
            counts[Int(known.devices[cursor].profileCode)] += 1
            seen += 1
        }
        var profiles: [String: Int] = [:]
        for state in ProfileState.allCases where counts[Int(state.rawValue)] > 0 {
            profiles[state.name] = counts[Int(state.rawValue)]
        }
        let neverSeen = plan.actions.fleet.devices.count - seen
        if neverSeen > 0 { profiles["never seen"] = neverSeen }
        return profiles
    }

    private static let exampleCount = 5
    private static let groupLimit = 100

    /// The first few devices that drifted, those of sets that take no notice left out.
    func driftExamples() -> [DeviceKey] {
        let unnoticed = Set(plan.exceptions.lazy.filter { $0.reason == .drifted(.off) }.map(\.key))
        return Array(plan.drifts.lazy.filter { !unnoticed.contains($0.key) }.map(\.key).prefix(Self.exampleCount))
    }

    /// Devices that need a person, grouped by why; the largest groups first.
    func failureGroups() -> [ControllerStatus.FailureGroup] {
        var groups: [FailureCause: ControllerStatus.FailureGroup] = [:]
        for exception in plan.exceptions {
            guard let cause = FailureCause(exception) else { continue }
            var group =
                groups[cause]
                ?? ControllerStatus.FailureGroup(
                    kind: cause.kind, code: cause.code, explanation: cause.explanation, count: 0, examples: [])
            group.count += 1
            if group.examples.count < Self.exampleCount { group.examples.append(exception.key) }
            groups[cause] = group
        }
        return Array(
            groups.values.sorted { ($0.count, $1.explanation) > ($1.count, $0.explanation) }.prefix(Self.groupLimit))
    }

    /// So many of the devices that are to change are looked at.
    private static let flipLimit = 500

    /// Devices that are to change although something was asked for them before: they may have been changed back.
    func changingAgain() -> [DeviceKey] {
        plan.actions.indices.lazy.filter { plan.actions.origin(at: $0).run != 0 }.prefix(Self.flipLimit).map {
            plan.actions.device(at: $0).key
        }
    }

    /// What the dashboards' plot keeps of this moment.
    func point(_ sets: [ControllerStatus.ProfileSetStatus]) -> ControllerStatus.ConvergencePoint {
        ControllerStatus.ConvergencePoint(
            at: at, devices: plan.desiredCount, converged: sets.reduce(0) { $0 + $1.converged },
            inFlight: sets.reduce(0) { $0 + $1.inFlight },
            troubled: sets.reduce(0) { $0 + $1.failed + $1.held + $1.blocked })
    }
}

/// What devices that need a person have in common.
private struct FailureCause: Hashable {
    let kind: String
    let code: String?
    let explanation: String

    init?(_ exception: PlanException) {
        switch exception.reason {
        case .failed(let failure, _):
            code = failure.code
            explanation = "\(failure.explanation) `profilectl apply --retry-failed` makes another attempt."
        case .held, .blocked, .unconfirmed(_, isAsDesired: false):
            code = nil
            explanation = exception.reason.explanation
        case .inProgress, .waiting, .drifted, .recorded, .unconfirmed(_, isAsDesired: true):
            return nil
        }
        kind = exception.reason.name
    }
}
