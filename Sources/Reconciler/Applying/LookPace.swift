/// Keeps the looks at the state from taking most of a run's time: a fleet of a million devices takes seconds to look at.
struct LookPace: Sendable {
    /// Looking takes at most one part in so many of the time.
    private static let share = 6
    /// So many times the poll interval is the longest that there is no look while requests are sent.
    private static let longestRest = 10

    /// Before then only what a look is sure to find something at makes it worth one.
    private(set) var earliest = Timestamp.distantPast

    mutating func looked(from start: Timestamp, to end: Timestamp) {
        earliest = end + (end - start) * (Self.share - 1)
    }

    /// When to look while there is something to send.
    func nextLook(after now: Timestamp, pollInterval: Duration) -> Timestamp {
        // The clock may have been set meanwhile.
        min(max(now + pollInterval, earliest), now + pollInterval * Self.longestRest)
    }
}
