import Reconciler

extension FleetView.SetRow {
    init(_ set: ControllerStatus.ProfileSetStatus, _ paused: Set<Pause.Scope>) {
        name = set.name
        deviceCount = set.devices.grouped
        share = FleetView.percent(set.converged, of: set.devices)
        bar = StandingBar([set])
        policy =
            switch set.driftPolicy {
            case .correct: "Drift is corrected"
            case .report: "Drift is only shown"
            case .off: "Drift is left alone"
            }
        holds = set.holds
        hasHolds = !set.holds.isEmpty
        isSetPaused = paused.contains(.profileSet(set.name))
        isSetAborted = set.rollout?.abort != nil
        canSetResume = isSetPaused || isSetAborted
    }
}

extension FleetView.RolloutCard {
    /// More waves than that are told in words only.
    private static let waveLimit = 20

    init(
        _ rollout: ControllerStatus.Rollout, of set: ControllerStatus.ProfileSetStatus, now: Timestamp
    ) {
        setName = set.name
        begun = Moment(rollout.startedAt, now: now)
        progress = "Wave \(rollout.wave) of \(rollout.waveCount)"
        abortReason = rollout.abort
        let shown = rollout.waveCount <= Self.waveLimit ? max(rollout.waveCount, 0) : 0
        waves = (0..<shown).map { index in
            let number = index + 1
            if number < rollout.wave { return Wave(number, "done", "done") }
            if number > rollout.wave { return Wave(number, "ahead", "to come") }
            return rollout.abort == nil
                ? Wave(number, "now", "under way", isNow: true) : Wave(number, "aborted", "given up")
        }
    }
}

extension FleetView.FailureCard {
    init(_ group: ControllerStatus.FailureGroup) {
        kind = group.kind
        causeCode = group.code
        explanation = group.explanation
        deviceCount = counted(group.count, "device")
        examples = group.examples.map(DeviceName.init)
        listing = DeviceQuery.Standing(rawValue: group.kind)?.rawValue
    }
}

extension FleetView.DriftCard {
    init?(_ status: ControllerStatus) {
        let drifted = status.sets.filter { $0.drift > 0 }
        guard !drifted.isEmpty else { return nil }
        deviceCount = counted(drifted.reduce(0) { $0 + $1.drift }, "device")
        policies = drifted.map { set in
            let deed =
                switch set.driftPolicy {
                case .correct: "corrected by its roll-out policy"
                case .report: "shown and not touched"
                case .off: "left alone"
                }
            return "\(set.name): \(set.drift.grouped), \(deed)"
        }
        examples = status.driftExamples.map(DeviceName.init)
    }
}

extension FleetView.AccountRow {
    init(_ account: ControllerStatus.AccountStatus, now: Timestamp) {
        name = account.name.description
        refreshed = account.refreshedAt.map { Moment($0, now: now) }
        problems = [account.stopped, account.lookupProblem, account.refreshProblem, account.registrationProblem]
            .compactMap(\.self)
        isWell = problems.isEmpty
    }
}

extension FleetView.ManifestCard {
    init(_ manifests: ControllerStatus.Manifests, now: Timestamp) {
        origin = manifests.origin
        commit = manifests.commit
        loaded = manifests.loadedAt.map { Moment($0, now: now) }
        isCurrent = manifests.loadedAt != nil && manifests.problem == nil
        problemText = manifests.problem?.text
        problemAt = manifests.problem.map { Moment($0.at, now: now) }
    }
}

extension FleetView.PauseRow {
    init(_ pause: Pause, now: Timestamp) {
        scope = pause.scope.name
        profileSet =
            switch pause.scope {
            case .everything: ""
            case .profileSet(let name): name
            }
        person = pause.by
        reason = pause.reason
        hasReason = !pause.reason.isEmpty
        since = Moment(pause.at, now: now)
    }
}
