import Logging

/// Looks at the board of a controller for people: tells them of what is new, and the supervisor how it is.
struct ControllerWatch: Sendable {
    let board: ControllerBoard
    let supervisor: SupervisorNotifier
    let notifier: (any Notifier)?
    let interval: Duration
    let clock: any WallClock
    let logger: Logger

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        var book = NoticeBook(interval: interval)
        while true {
            let seen = board.changes.count
            let status = board.current
            for notice in book.take(status, at: clock.now()) { tell(notice) }
            if status.isReady {
                supervisor.tell(.status("\(status.converged) of \(status.devices) devices are as desired"))
            }
            // Numbers that grow are told again after a while, although nothing may change until then.
            let waiter = StateWaiter(clock: clock, wakeup: board.changes, pollInterval: interval)
            try await waiter.change(after: seen, until: clock.now() + interval)
            try await clock.sleep(until: clock.now() + Self.gatheringTime)
        }
    }

    /// What comes within moments is looked at together.
    private static let gatheringTime = Duration.milliseconds(500)

    private func tell(_ notice: Notice) {
        var metadata: Logger.Metadata = ["kind": "\(notice.kind.rawValue)"]
        metadata["set"] = notice.profileSet.map { "\($0)" }
        metadata["commit"] = notice.commit.map { "\($0)" }
        logger.warning("\(notice.text)", metadata: metadata)
        notifier?.tell(notice)
    }
}
