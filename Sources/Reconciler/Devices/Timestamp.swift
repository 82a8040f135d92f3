import Foundation

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable, LosslessStringConvertible {
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    init(_ date: Date) {
        self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }

    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    public static func + (left: Self, right: Duration) -> Self {
        Self(milliseconds: left.milliseconds + right.wholeMilliseconds)
    }

    public static func - (left: Self, right: Duration) -> Self {
        Self(milliseconds: left.milliseconds - right.wholeMilliseconds)
    }

    /// The time from `right` to `left`.
    public static func - (left: Self, right: Self) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }

    /// ISO 8601 in UTC with milliseconds: `2026-11-23T20:41:00.123Z`.
    public var description: String {
        // Whole seconds: a fraction would be cut off, and may lie just below the millisecond that is meant.
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let fraction = rest < 0 ? rest + 1000 : rest
        let whole = Date(timeIntervalSince1970: Double(rest < 0 ? seconds - 1 : seconds)).formatted(.iso8601)
        let digits = String(fraction + 1000).dropFirst()
        return "\(whole.dropLast()).\(digits)Z"
    }

    /// Reads what `description` gives; `nil` for anything else.
    public init?(_ description: String) {
        guard let dot = description.firstIndex(of: "."), description.hasSuffix("Z"),
            let date = try? Date(description[..<dot] + "Z", strategy: .iso8601),
            let fraction = Int64(description[description.index(after: dot)...].dropLast())
        else { return nil }
        self.init(milliseconds: Int64(date.timeIntervalSince1970) * 1000 + fraction)
        guard self.description == description else { return nil }
    }
}

extension Duration {
    /// The duration in milliseconds, fractions cut off.
    public var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
