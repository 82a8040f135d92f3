import Logging

/// Has the store forget what is older than the history is kept, for as long as a controller runs.
struct HistoryKeeper: Sendable {
    let limit: HistoryLimit
    let clock: any WallClock
    let logger: Logger

    private static let interval = Duration.seconds(6 * 3600)
    /// Between two pieces, so that most of the time is for others.
    private static let rest = Duration.milliseconds(50)

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        while true {
            do {
                let count = try await limit.enforce(rest: Self.rest)
                if count > 0 { logger.info("The past was forgotten", metadata: ["rows": "\(count)"]) }
            } catch let error as StateStoreError {
                logger.error("\(error)")
            }
            try await clock.sleep(until: clock.now() + Self.interval)
        }
    }
}
