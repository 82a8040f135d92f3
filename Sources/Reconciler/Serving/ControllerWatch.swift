import Logging

/// Looks at the board of a controller for people: tells them of what is new, and the supervisor how it is.
struct ControllerWatch: Sendable {
    let board: ControllerBoard
    let supervisor: SupervisorNotifier
    let notifier: (any Notifier)?
    /// Where it is kept what people were told.
    let store: any StateStore
    let memory: FleetMemory
    let interval: Duration
    let clock: any WallClock
    let logger: Logger

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tellSupervisor() }
            group.addTask { try await tellPeople() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func tellSupervisor() async throws {
        while true {
            let seen = board.changes.count
            let status = board.current
            if status.hasFleet {
                supervisor.tell(.status("\(status.converged) of \(status.devices) devices are as desired"))
            }
            try await change(after: seen, until: clock.now() + interval)
        }
    }

    /// The log of a process tells all that is wrong while it runs. People who are notified are told once of what lasts,
    /// by whichever process.
    private func tellPeople() async throws {
        let origin = board.current.manifests.origin
        var logged = NoticeBook(interval: interval, origin: origin)
        var told = KeptNoticeBook(store: store, interval: interval, origin: origin)
        while true {
            let seen = board.changes.count
            let now = clock.now()
            let findings = Findings(board.current, at: now)
            logged.forgetEnds(findings)
            for notice in logged.due(findings, at: now) {
                log(notice)
                logged.tell(notice)
            }
            logged.wroteChanges()
            if let notifier { await told.tell(findings, at: now, by: notifier, clock: clock) }
            let book = notifier == nil ? logged : told.book
            for notice in findings.all.compactMap(\.notice) where book.hasTold(notice) {
                if notice.kind == .shrunk || notice.kind == .rewritten { await memory.accept(notice.kind) }
            }
            // Numbers that grow are told again after a while, although nothing may change until then.
            try await change(after: seen, until: clock.now() + logged.retryInterval)
        }
    }

    /// What comes within moments is looked at together.
    private static let gatheringTime = Duration.milliseconds(500)

    private func change(after seen: Wakeup.Count, until time: Timestamp) async throws {
        let waiter = StateWaiter(clock: clock, wakeup: board.changes, pollInterval: interval)
        try await waiter.change(after: seen, until: time)
        try await clock.sleep(until: clock.now() + Self.gatheringTime)
    }

    private func log(_ notice: Notice) {
        var metadata: Logger.Metadata = ["kind": "\(notice.kind.rawValue)"]
        metadata["set"] = notice.profileSet.map { "\($0)" }
        metadata["commit"] = notice.commit.map { "\($0)" }
        logger.warning("\(notice.text)", metadata: metadata)
    }
}
