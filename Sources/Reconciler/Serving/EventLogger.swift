import Logging

/// Writes into the log what happens to devices, whichever process on the store does it, with the identifiers by which it
/// can be found again.
struct EventLogger: Sendable {
    let store: any StateStore
    let clock: any WallClock
    let wakeup: Wakeup
    let logger: Logger

    private static let batch = 1000
    private static let interval = Duration.seconds(5)

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        // Who does not want to read it need not have it read.
        guard logger.logLevel <= .warning else { return }
        var mark: Int64?
        while true {
            let seen = wakeup.count
            do {
                let start: Int64
                if let mark { start = mark } else { start = try await store.read { try $0.eventMark() } }
                let (events, last) = try await store.read { try $0.events(after: start, limit: Self.batch) }
                mark = last
                for event in events { log(event) }
                if events.count == Self.batch { continue }
            } catch let error as StateStoreError {
                logger.error("\(error)")
            }
            let waiter = StateWaiter(clock: clock, wakeup: wakeup, pollInterval: Self.interval)
            try await waiter.change(after: seen, until: clock.now() + Self.interval)
            try await clock.sleep(until: clock.now() + .milliseconds(100))
        }
    }

    private func log(_ event: StateEvent) {
        var metadata: Logger.Metadata = [
            "eid": "\(event.device.eid)", "iccid": "\(event.device.iccid)", "at": "\(event.at)",
        ]
        metadata["operation"] = event.operation.map { "\($0)" }
        metadata["request"] = event.request.map { "\($0.number)" }
        metadata["callback"] = event.callback.map { "\($0.number)" }
        metadata["run"] = event.run.map { "\($0)" }
        if !event.detail.isEmpty { metadata["detail"] = "\(event.detail)" }
        logger.log(level: Self.level(of: event.kind), "Device: \(event.kind.name)", metadata: metadata)
    }

    private static func level(of kind: StateEvent.Kind) -> Logger.Level {
        switch kind {
        case .failed, .refused, .outcomeUnknown, .overdue: .warning
        case .intended, .accepted, .notSent, .callback, .succeeded, .enablePending, .lookedUp, .observed, .resolved:
            .info
        }
    }
}
