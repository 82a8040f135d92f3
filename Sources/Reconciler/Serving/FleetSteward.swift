import Logging

/// Keeps a fleet as it is declared: looks at the state whenever it may have changed, shows what it sees, and has a run do
/// what is to be done. The lock of the profile sets is held only while a run is at work, so that people can act in
/// between.
struct FleetSteward: Sendable {
    let desk: ControllerDesk
    let settings: Settings
    let options: ControllerOptions
    let store: any StateStore
    let carrier: any Carrier
    let clock: any WallClock
    let logger: Logger
    let observer: any ProtocolObserver
    let claim: RevisionClaim
    /// Given a sign of life at each look.
    let onLook: @Sendable () -> Void

    static let command = "serve"

    /// How often to look whether another run that acts on profile sets has ended.
    private static let lockInterval = Duration.seconds(5)

    /// Goes on until the controller closes; a run that is under way ends in order. A call that is not answered by then is
    /// written down as one of unknown outcome, and looked up by the next start.
    /// - Throws: `CancellationError`
    func run() async throws {
        try await desk.whileOpen(andFor: settings.drainTimeout / 2, by: clock) { try await steer() }
    }

    private func steer() async throws {
        var looker = FleetLooker(desk: desk, settings: settings, store: store, clock: clock)
        var state = RunState()
        var digest: ContentDigest?
        var isSound = false
        var standing = RevisionStanding()
        while !desk.isClosing {
            let seen = desk.wakeup.count
            onLook()
            guard let declared = desk.declared else {
                try await wait(after: seen, until: clock.now() + options.idleInterval)
                continue
            }
            // That nothing could be done for the fleet before says nothing of this one.
            if digest != declared.digest, state.rest.problem == nil { state.rest = RunRest() }
            digest = declared.digest
            do {
                if standing.isDue(declared, at: clock.now()) { try await put(declared, in: &standing) }
                let problem = standing.problem ?? state.rest.problem
                guard
                    let survey = try await looker.look(
                        at: declared, troubled: problem, unanswered: state.unanswered)
                else {
                    // Nobody else tells when that is over.
                    try await wait(after: seen, until: clock.now() + options.pollInterval)
                    continue
                }
                // Each answer goes through the fleet.
                let needsRun = survey.needsRun
                if standing.problem != nil { isSound = false }
                if !needsRun, standing.problem == nil {
                    // Whatever stood in the way, nothing is left to be done.
                    if !isSound { seeSoundness() }
                    isSound = true
                    state.rest = RunRest()
                }
                let now = clock.now()
                if needsRun, standing.problem == nil, now >= state.rest.until || state.rest.isOver(with: survey) {
                    // Another controller may have taken over while this process stood still.
                    try await put(declared, in: &standing)
                    guard standing.problem == nil else { continue }
                    state = try await act(on: declared, looker, after: state, couldSend: survey.canSend)
                    if state.rest.problem != nil { isSound = false }
                    continue
                }
                let waking = desk.accounts { $0.nextWaking(after: now) }
                let freedAt = survey.waitsForOthers ? now + Self.lockInterval : nil
                let runAt = needsRun && standing.problem == nil ? state.rest.until : nil
                let dues = [survey.nextDue, runAt, waking, freedAt, standing.nextClaim].compactMap(\.self)
                let latest = now + options.idleInterval
                try await wait(after: seen, until: min(dues.min() ?? latest, latest))
                // Looks take only a part of the time, however often the state changes.
                try await desk.closing.wait(until: looker.earliest, on: clock)
            } catch let error as StateStoreError {
                logger.error("\(error)")
                let problem = ControllerStatus.Problem(condition: .store, text: error.description, at: clock.now())
                desk.board.update { $0.problem = problem }
                try await wait(after: seen, until: clock.now() + options.idleInterval)
            }
        }
    }

    /// Puts the manifests in force, or finds out what stands in the way.
    private func put(_ declared: ControllerDesk.Declared, in standing: inout RevisionStanding) async throws {
        let now = clock.now()
        let conflict = try await claim.claim(declared)
        if let conflict, standing.problem == nil {
            logger.notice("The manifests wait", metadata: ["for": "\(conflict.owner)"])
        }
        standing.note(declared.digest, conflict, nextClaim: now + Self.lockInterval, at: now)
    }

    /// Nothing stands in the way of runs.
    private func seeSoundness() {
        let now = clock.now()
        desk.board.update { status in
            status.problem = nil
            status.soundAt = now
        }
    }

    private func wait(after seen: Wakeup.Count, until time: Timestamp) async throws {
        let waiter = StateWaiter(clock: clock, wakeup: desk.wakeup, pollInterval: options.idleInterval)
        try await waiter.change(after: seen, until: time)
    }

    // MARK: Acting

    /// Has a run do what is to be done, and shows meanwhile how far it has come.
    private func act(
        on declared: ControllerDesk.Declared, _ looker: FleetLooker, after state: RunState, couldSend: Bool
    ) async throws -> RunState {
        let run = ControllerDesk.Run(
            stop: StopSwitch(wakeup: desk.wakeup), owner: RunOwner(command: Self.command))
        guard desk.begin(run, for: declared) else { return state }
        defer { desk.end() }
        let stopped = desk.accounts { $0.stopped(at: clock.now()) }
        do {
            let report = try await withThrowingTaskGroup(of: ApplyReport?.self) { group in
                group.addTask { try await apply(declared, stopped: stopped, state.unanswered, as: run) }
                group.addTask {
                    try await show(declared, looker, after: state)
                    return nil
                }
                defer { group.cancelAll() }
                while let report = try await group.next() {
                    if let report { return report }
                }
                throw CancellationError()
            }
            return learn(from: report, stoppedBefore: stopped, after: state, couldSend: couldSend)
        } catch let held as RunLockHeld {
            let now = clock.now()
            let problem = ControllerStatus.Problem(condition: .taken, text: held.description, at: now)
            return RunState(
                rest: RunRest(failures: 0, problem: problem, until: now + Self.lockInterval),
                unanswered: state.unanswered)
        }
    }

    private func apply(
        _ declared: ControllerDesk.Declared, stopped: [AccountName: String], _ unanswered: UnansweredLookups,
        as run: ControllerDesk.Run
    ) async throws -> ApplyReport {
        // Sets on which others act are left to them, and taken up when they are free.
        let wall = clock.wall()
        let taken = try await store.read { TakenSets(try $0.leases(), but: nil, at: wall) }
        let free = declared.fleet.leavingOut(sets: taken.names(among: declared.fleet.sets))
        // Where none is free the lock says who is in the way.
        let fleet = free.sets.isEmpty ? declared.fleet : free
        let lock = RunLock(
            store: store, clock: clock, owner: run.owner, profileSets: fleet.sets.map(\.name))
        var applyOptions = ApplyOptions(
            policy: settings.policy, verification: settings.verification, lookupTimeout: options.listTimeout,
            timeout: .seconds(100 * 365 * 86_400), largeChanges: .hold, pollInterval: options.pollInterval,
            lists: settings.lists, looksUpBlocked: false, heedsDriftPolicy: true, endsWhenIdle: true,
            stoppedAccounts: stopped, evidenceSince: desk.startedAt)
        applyOptions.unanswered = unanswered
        let runOptions = applyOptions
        return try await lock.hold {
            logger.info("A run begins", metadata: declared.commit.map { ["commit": "\($0)"] })
            return try await ApplyRun(
                goal: .fleet(fleet), store: store, carrier: carrier, clock: clock, wakeup: desk.wakeup,
                options: runOptions, stop: run.stop, command: Self.command, commit: declared.commit, lock: lock,
                observer: observer
            ).run { _ in }
        }
    }

    /// Looks at the state as it changes, until it is cancelled.
    private func show(
        _ declared: ControllerDesk.Declared, _ looker: FleetLooker, after state: RunState
    ) async throws {
        var looker = looker
        while true {
            let seen = desk.wakeup.count
            onLook()
            // A store that cannot be read ends the run as well.
            _ = try? await looker.look(
                at: declared, troubled: state.rest.problem, unanswered: state.unanswered)
            try await wait(after: seen, until: clock.now() + options.idleInterval)
            try await clock.sleep(until: max(looker.earliest, clock.now() + options.pollInterval))
        }
    }

    /// Takes note of what is left alone for a while because of how a run has ended.
    private func learn(
        from report: ApplyReport, stoppedBefore: [AccountName: String], after state: RunState, couldSend: Bool
    ) -> RunState {
        let now = clock.now()
        for remark in report.remarks { logger.notice("\(remark)") }
        logger.info(
            "A run ended", metadata: ["ending": "\(report.ending.name)", "requests": "\(report.requests)"])
        let aftermath = RunAftermath(
            of: report, stoppedBefore: stoppedBefore, after: state.rest, couldSend: couldSend, at: now, options)
        let unanswered = state.unanswered.followed(by: report.unanswered, at: now)
        if !aftermath.resting.isEmpty || unanswered.reasons != state.unanswered.reasons {
            desk.changeAccounts(at: now) { book in
                for (account, reason) in aftermath.resting { book.rests(account, reason, at: now) }
                book.note(unanswered: unanswered.reasons)
            }
        }
        if aftermath.isSound { seeSoundness() }
        return RunState(rest: aftermath.rest, unanswered: unanswered)
    }
}

/// What runs have left for those after them.
private struct RunState: Sendable {
    var rest = RunRest()
    /// Devices that are not looked up before a time.
    var unanswered = UnansweredLookups()
}

/// Whether the manifests of a controller are in force on the store.
private struct RevisionStanding: Sendable {
    /// The manifests that were claimed last, whatever came of it.
    private var digest: ContentDigest?
    private var conflict: RevisionInForce?
    /// Why nothing may be sent by them.
    private(set) var problem: ControllerStatus.Problem?
    /// When it is worth another claim although the manifests are the same.
    private(set) var nextClaim: Timestamp?

    func isDue(_ declared: ControllerDesk.Declared, at now: Timestamp) -> Bool {
        digest != declared.digest || nextClaim.map { $0 <= now } ?? false
    }

    mutating func note(_ digest: ContentDigest, _ found: RevisionInForce?, nextClaim: Timestamp, at now: Timestamp) {
        self.digest = digest
        self.nextClaim = found == nil ? nil : nextClaim
        // What lasts keeps the time of its beginning.
        if found != conflict || problem == nil { problem = found.map { RevisionClaim.problem($0, at: now) } }
        conflict = found
    }
}
