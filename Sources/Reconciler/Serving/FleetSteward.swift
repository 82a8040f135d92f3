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
        var rest = RunRest()
        var digest: ContentDigest?
        var isSound = false
        while !desk.isClosing {
            let seen = desk.wakeup.count
            onLook()
            guard let declared = desk.declared else {
                try await wait(after: seen, until: clock.now() + options.idleInterval)
                continue
            }
            // That nothing could be done for the fleet before says nothing of this one.
            if digest != declared.digest, rest.problem == nil { rest = RunRest() }
            digest = declared.digest
            do {
                guard let survey = try await looker.look(at: declared, troubled: rest.problem) else {
                    // Nobody else tells when that is over.
                    try await wait(after: seen, until: clock.now() + options.pollInterval)
                    continue
                }
                // Each answer goes through the fleet.
                let needsRun = survey.needsRun
                if !needsRun {
                    // Whatever stood in the way, nothing is left to be done.
                    if !isSound { seeSoundness() }
                    isSound = true
                    rest = RunRest()
                }
                let now = clock.now()
                if needsRun, now >= rest.until || rest.isOver(with: survey) {
                    rest = try await act(on: declared, looker, after: rest, couldSend: survey.canSend)
                    if rest.problem != nil { isSound = false }
                    continue
                }
                let waking = desk.accounts { $0.nextWaking(after: now) }
                let freedAt = survey.waitsForOthers ? now + Self.lockInterval : nil
                let dues = [survey.nextDue, needsRun ? rest.until : nil, waking, freedAt].compactMap(\.self)
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
        on declared: ControllerDesk.Declared, _ looker: FleetLooker, after rest: RunRest, couldSend: Bool
    ) async throws -> RunRest {
        let run = ControllerDesk.Run(
            stop: StopSwitch(wakeup: desk.wakeup), owner: RunOwner(command: Self.command))
        guard desk.begin(run, for: declared) else { return rest }
        defer { desk.end() }
        let stopped = desk.accounts { $0.stopped(at: clock.now()) }
        do {
            let report = try await withThrowingTaskGroup(of: ApplyReport?.self) { group in
                group.addTask { try await apply(declared, stopped: stopped, as: run) }
                group.addTask {
                    try await show(declared, looker, troubled: rest.problem)
                    return nil
                }
                defer { group.cancelAll() }
                while let report = try await group.next() {
                    if let report { return report }
                }
                throw CancellationError()
            }
            return learn(from: report, stoppedBefore: stopped, after: rest, couldSend: couldSend)
        } catch let held as RunLockHeld {
            let now = clock.now()
            return RunRest(
                failures: 0,
                problem: ControllerStatus.Problem(condition: .taken, text: held.description, at: now),
                until: now + Self.lockInterval)
        }
    }

    private func apply(
        _ declared: ControllerDesk.Declared, stopped: [AccountName: String], as run: ControllerDesk.Run
    ) async throws -> ApplyReport {
        // Sets on which others act are left to them, and taken up when they are free.
        let wall = clock.wall()
        let taken = try await store.read { TakenSets(try $0.leases(), but: nil, at: wall) }
        let free = declared.fleet.leavingOut(sets: taken.names(among: declared.fleet.sets))
        // Where none is free the lock says who is in the way.
        let fleet = free.sets.isEmpty ? declared.fleet : free
        let lock = RunLock(
            store: store, clock: clock, owner: run.owner, profileSets: fleet.sets.map(\.name))
        let applyOptions = ApplyOptions(
            policy: settings.policy, verification: settings.verification, lookupTimeout: options.listTimeout,
            timeout: .seconds(100 * 365 * 86_400), largeChanges: .hold, pollInterval: options.pollInterval,
            lists: settings.lists, looksUpBlocked: false, heedsDriftPolicy: true, endsWhenIdle: true,
            stoppedAccounts: stopped, evidenceSince: desk.startedAt)
        return try await lock.hold {
            logger.info("A run begins", metadata: declared.commit.map { ["commit": "\($0)"] })
            return try await ApplyRun(
                goal: .fleet(fleet), store: store, carrier: carrier, clock: clock, wakeup: desk.wakeup,
                options: applyOptions, stop: run.stop, command: Self.command, commit: declared.commit, lock: lock,
                observer: observer
            ).run { _ in }
        }
    }

    /// Looks at the state as it changes, until it is cancelled.
    private func show(
        _ declared: ControllerDesk.Declared, _ looker: FleetLooker, troubled: ControllerStatus.Problem?
    ) async throws {
        var looker = looker
        while true {
            let seen = desk.wakeup.count
            onLook()
            // A store that cannot be read ends the run as well.
            _ = try? await looker.look(at: declared, troubled: troubled)
            try await wait(after: seen, until: clock.now() + options.idleInterval)
            try await clock.sleep(until: max(looker.earliest, clock.now() + options.pollInterval))
        }
    }

    /// What is left alone for a while because of how a run has ended.
    private func learn(
        from report: ApplyReport, stoppedBefore: [AccountName: String], after rest: RunRest, couldSend: Bool
    ) -> RunRest {
        let now = clock.now()
        for remark in report.remarks { logger.notice("\(remark)") }
        logger.info(
            "A run ended", metadata: ["ending": "\(report.ending.name)", "requests": "\(report.requests)"])
        let news = report.stoppedAccounts.filter { stoppedBefore[$0.key] == nil }
        if !news.isEmpty {
            desk.changeAccounts(at: now) { book in
                for (account, reason) in news { book.rests(account, reason, at: now) }
            }
        }
        switch report.ending {
        case .stopped(let reason) where news.isEmpty && !stoppedBefore.values.contains(reason):
            let failures = rest.failures + 1
            return RunRest(
                failures: failures, problem: ControllerStatus.Problem(condition: .stopped, text: reason, at: now),
                until: now + options.backOff.wait(after: failures))
        case .interrupted:
            return RunRest()
        default:
            seeSoundness()
            // A run that has sent nothing although there seemed to be something to do is not begun again at once.
            guard report.requests == 0 else { return RunRest() }
            let failures = rest.failures + 1
            let wait = min(options.pollInterval * (1 << min(failures, 10)), options.backOff.longest)
            return RunRest(failures: failures, problem: nil, until: now + wait, hadNothingToSend: !couldSend)
        }
    }
}

/// How long no run is begun, and why.
private struct RunRest: Sendable {
    var failures = 0
    var problem: ControllerStatus.Problem?
    var until = Timestamp.distantPast
    /// Whether the run before was only to look something up, so that what is to be sent need not wait for the next try.
    var hadNothingToSend = false

    func isOver(with survey: FleetSurvey) -> Bool { hadNothingToSend && survey.canSend }
}
