import Foundation
import Synchronization

/// The time of day and the ability to wait, passed in so that tests decide how time goes.
public protocol WallClock: Sendable {
    /// The time by which this process waits and which it writes down. It goes on evenly when the machine's clock is set.
    func now() -> Timestamp

    /// The time as the machine's clock shows it, for what is agreed upon with other processes at every moment (leases).
    func wall() -> Timestamp

    /// How far the machine's clock is ahead of `now()`, because it was set while the process ran; zero if it was not.
    func step() -> Duration

    /// Waits until `deadline` has passed.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    func sleep(until deadline: Timestamp) async throws
}

extension WallClock {
    public func wall() -> Timestamp { now() }
    public func step() -> Duration { .zero }
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    private static let time = Mutex(SteadyTime())

    public init() {}

    public func now() -> Timestamp {
        let nanoseconds = Self.time.withLock {
            $0.now(wall: Self.read(CLOCK_REALTIME), monotonic: Self.read(CLOCK_BOOTTIME))
        }
        return Timestamp(milliseconds: nanoseconds / 1_000_000)
    }

    public func wall() -> Timestamp { Timestamp(milliseconds: Self.read(CLOCK_REALTIME) / 1_000_000) }

    public func step() -> Duration {
        let ahead = wall() - now()
        return ahead.magnitude < SteadyTime.leastStep ? .zero : ahead
    }

    public func sleep(until deadline: Timestamp) async throws {
        let wait = deadline - now()
        if wait > .zero {
            try await Task.sleep(for: min(wait, .seconds(86_400)))
        }
    }

    /// In nanoseconds.
    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        let (nanoseconds, isTooLarge) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        return isTooLarge ? .max : nanoseconds.saturatingAdd(Int64(time.tv_nsec))
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
