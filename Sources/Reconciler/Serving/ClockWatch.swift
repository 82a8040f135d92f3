import Logging

/// Says in the log that the machine's clock was set while a controller runs.
struct ClockWatch: Sendable {
    let clock: any WallClock
    let logger: Logger

    private static let interval = Duration.seconds(1)

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        var isBack: Bool?
        while true {
            let step = ClockStep(clock.step())
            if let step, step.isBack != isBack { logger.warning("\(step)") }
            isBack = step?.isBack
            try await clock.sleep(until: clock.now() + Self.interval)
        }
    }
}
