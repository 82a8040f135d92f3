/// How long to wait before a call to a carrier that is busy and does not say until when: longer each time, and never the
/// same for all who wait.
public struct BackOff: Hashable, Sendable {
    /// The longest wait after the first time; it doubles with each further one.
    public var first: Duration
    /// The longest wait of all.
    public var longest: Duration

    public init(first: Duration = .seconds(2), longest: Duration = .seconds(60)) {
        self.first = first
        self.longest = longest
    }

    /// - Parameters:
    ///   - count: how often in a row the carrier was busy, from 1.
    ///   - share: chance, from 0 up to 1; at least half of the wait is sure.
    func wait(after count: Int, share: Double) -> Duration {
        let full = min(first * (1 << min(max(count, 1) - 1, 20)), longest)
        return full / 2 + .milliseconds(Int64(Double(full.wholeMilliseconds) / 2 * share))
    }
}

/// Chance, passed in so that tests decide it.
public protocol Chance: Sendable {
    /// A number from 0 up to 1.
    func share() -> Double
}

/// The system's random numbers.
public struct SystemChance: Chance {
    public init() {}
    public func share() -> Double { .random(in: 0..<1) }
}
