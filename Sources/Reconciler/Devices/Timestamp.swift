import Foundation

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable, LosslessStringConvertible {
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    init(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        self.init(milliseconds: Int64(exactly: milliseconds) ?? (milliseconds < 0 ? .min : .max))
    }

    public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    /// The latest or the earliest time there is where the sum lies beyond it.
    public static func + (left: Self, right: Duration) -> Self {
        Self(milliseconds: left.milliseconds.saturatingAdd(right.wholeMilliseconds))
    }

    public static func - (left: Self, right: Duration) -> Self {
        Self(milliseconds: left.milliseconds.saturatingSubtract(right.wholeMilliseconds))
    }

    /// The time from `right` to `left`.
    public static func - (left: Self, right: Self) -> Duration {
        .milliseconds(left.milliseconds.saturatingSubtract(right.milliseconds))
    }

    /// ISO 8601 in UTC with milliseconds: `2026-11-23T20:41:00.123Z`.
    public var description: String {
        // Beyond these years no calendar writes a date, and a formatter may fail.
        let milliseconds = min(max(milliseconds, Self.firstWritten), Self.lastWritten)
        // Whole seconds: a fraction would be cut off, and may lie just below the millisecond that is meant.
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let fraction = rest < 0 ? rest + 1000 : rest
        let whole = Date(timeIntervalSince1970: Double(rest < 0 ? seconds - 1 : seconds)).formatted(.iso8601)
        let digits = String(fraction + 1000).dropFirst()
        return "\(whole.dropLast()).\(digits)Z"
    }

    /// The beginning of the year 1 and the end of the year 9999.
    private static let firstWritten: Int64 = -62_135_596_800_000
    private static let lastWritten: Int64 = 253_402_300_799_999

    /// Reads what `description` gives; `nil` for anything else.
    public init?(_ description: String) {
        guard let dot = description.firstIndex(of: "."), description.hasSuffix("Z"),
            let date = try? Date(description[..<dot] + "Z", strategy: .iso8601),
            let fraction = Int64(outside: description[description.index(after: dot)...].dropLast(), in: 0...999)
        else { return nil }
        self.init(milliseconds: Self(date).milliseconds.saturatingAdd(fraction))
        guard self.description == description else { return nil }
    }
}

extension Duration {
    /// The duration in milliseconds, fractions cut off; the largest or the least number where it has more.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
        return isTooLarge
            ? (seconds < 0 ? .min : .max) : milliseconds.saturatingAdd(attoseconds / 1_000_000_000_000_000)
    }
}
