import Foundation

/// The time of day and the ability to wait, passed in so that tests decide how time goes.
public protocol WallClock: Sendable {
    func now() -> Timestamp

    /// Waits until `deadline` has passed.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    func sleep(until deadline: Timestamp) async throws
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    public init() {}

    public func now() -> Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    public func sleep(until deadline: Timestamp) async throws {
        let wait = deadline - now()
        if wait > .zero {
            try await Task.sleep(for: wait)
        }
    }
}
