/// The durations that a setting can have. Each has an upper bound: what lies beyond it is a slip of the pen, and would
/// switch off what the setting is for.
struct DurationBounds: Sendable {
    private let range: ClosedRange<Duration>
    private let example: String

    private init(_ range: ClosedRange<Duration>, such example: String) {
        self.range = range
        self.example = example
    }

    /// What such a text looks like, behind "expected".
    var expected: String { "\(example), at most \(range.upperBound.settingText)" }

    /// Reads a text; `nil` for what is no duration, or lies beyond the bounds.
    func read(_ text: String) -> Duration? {
        Duration(settingText: text).flatMap { range.contains($0) ? $0 : nil }
    }

    private static let day = Duration.seconds(86_400)

    /// How long another process on the store is waited for.
    static let stateTimeout = Self(.zero ... .seconds(3600), such: "a duration such as 10s or 1m")
    /// How long history is kept.
    static let history = Self(
        HistoryLimit.least...Duration.longestSetting, such: "a duration of at least 7d, such as 90d")
    /// How often the carrier's records are read.
    static let refreshInterval = Self(
        .seconds(60)...day * 30, such: "a duration of at least a minute, such as 30m or 6h")
    /// How long a controller drains.
    static let drainTimeout = Self(.zero ... .seconds(3600), such: "a duration such as 30s or 5m")
    /// How often it is looked whether manifests have changed.
    static let manifestInterval = Self(.seconds(1)...day, such: "a duration of at least a second, such as 5s or 1m")
    /// The waits of `convergence`.
    static let convergence = Self(.zero...day * 30, such: "a duration such as 30s, 15m or 6h")
}
