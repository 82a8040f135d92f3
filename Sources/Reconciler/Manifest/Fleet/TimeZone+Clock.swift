import Foundation

/// What the clocks of a time zone show. A time that they show is counted in milliseconds since they showed
/// 1970-01-01 00:00, so that days and weekdays come by division.
extension TimeZone {
    static let millisecondsPerMinute: Int64 = 60_000
    static let millisecondsPerDay: Int64 = 86_400_000

    /// What a clock shows at a moment.
    func shown(at time: Timestamp) -> Int64 { time.milliseconds.saturatingAdd(offset(at: time.milliseconds)) }

    /// The number of the day that a clock shows at a moment, from 0 for 1970-01-01, a Thursday.
    func dayShown(at time: Timestamp) -> Int {
        Int((Double(shown(at: time)) / Double(Self.millisecondsPerDay)).rounded(.down))
    }

    /// The first moment at which a clock shows a time or a later one. For a time that comes twice, when clocks are put
    /// back, that is its first coming; for one that never comes, when they are put forward, it is the moment at which
    /// they jump.
    func firstMoment(showing shown: Int64) -> Timestamp {
        // Clocks are between 12 hours behind UTC and 14 hours ahead of it, and are not put twice within a day.
        let before = offset(at: shown - 14 * 3_600_000)
        let after = offset(at: shown + 12 * 3_600_000)
        if offset(at: shown - before) == before { return Timestamp(milliseconds: shown - before) }
        if offset(at: shown - after) == after { return Timestamp(milliseconds: shown - after) }
        // The jump is behind the first and not behind the second.
        var (early, late) = (shown - after, shown - before)
        while late - early > 1 {
            let middle = early + (late - early) / 2
            if offset(at: middle) == before { early = middle } else { late = middle }
        }
        return Timestamp(milliseconds: late)
    }

    /// How far clocks are ahead of UTC, in milliseconds.
    private func offset(at milliseconds: Int64) -> Int64 {
        Int64(secondsFromGMT(for: Date(timeIntervalSince1970: Double(milliseconds) / 1000))) * 1000
    }
}
