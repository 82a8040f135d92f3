/// How long the parts of a run may wait that come before its own work: until its time is over, or a person stops it.
struct RunLimit: Sendable {
    let deadline: Timestamp?
    let stop: StopSwitch?
    let clock: any WallClock

    /// To sign in and to look at the registration takes a moment, however little time the work itself has.
    private static let leastTime = Duration.seconds(3)

    init(deadline: Timestamp?, stop: StopSwitch?, clock: any WallClock) {
        self.deadline = deadline
        self.stop = stop
        self.clock = clock
    }

    /// The limit of a run that begins now.
    init(timeout: Duration, stop: StopSwitch?, clock: any WallClock) {
        self.init(deadline: clock.now() + max(timeout, Self.leastTime), stop: stop, clock: clock)
    }

    /// Does `work`, which is cancelled at the deadline and when the switch is thrown.
    ///
    /// - Parameter what: what was being done, for a person: "the registration of callbacks was being checked".
    /// - Throws: `RunTimedOut`, `RunStopped`, and what `work` throws
    func bounding<Result: Sendable>(
        _ what: String, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let (deadline, stop, clock) = (deadline, stop, clock)
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await work() }
            if let deadline {
                group.addTask {
                    try await clock.sleep(until: deadline)
                    throw RunTimedOut(what: what)
                }
            }
            if let stop {
                group.addTask {
                    await stop.whenStopped()
                    try Task.checkCancellation()
                    throw RunStopped()
                }
            }
            defer { group.cancelAll() }
            do {
                guard let result = try await group.next() else { throw CancellationError() }
                return result
            } catch let busy as AccountBusy {
                // It would be waited for in vain.
                throw RunTimedOut(what: what, busyUntil: busy.until)
            }
        }
    }

    /// What is left of the time of a run for its own work: half of it at least, and all of a few seconds.
    ///
    /// - Parameter start: when the run has begun.
    func rest(of timeout: Duration, since start: Timestamp) -> Duration {
        max(timeout - max(clock.now() - start, .zero), timeout / 2, min(timeout, Self.leastTime))
    }
}

/// The time of a run was over before its own work could begin.
public struct RunTimedOut: Error, Hashable, Sendable, CustomStringConvertible {
    let what: String
    /// When the carrier wants to be called again, if it has said so.
    var busyUntil: Timestamp?

    public var description: String {
        if let busyUntil {
            return
                "The carrier asks not to be called before \(busyUntil), which is later than --timeout allows; this came up "
                + "while \(what). Run it again then, or with more time."
        }
        return
            "The time that --timeout allows was over while \(what). Run it again, with more time if the carrier is slow."
    }
}
