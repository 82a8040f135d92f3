extension Timestamp {
    /// How long ago it was, in the largest unit: "2 hours ago"; `nil` for less than a minute, and for a time to come.
    package func age(at now: Timestamp) -> String? {
        let seconds = (now - self).wholeMilliseconds / 1000
        let units: [(seconds: Int64, name: String)] = [(86_400, "day"), (3600, "hour"), (60, "minute")]
        guard let unit = units.first(where: { seconds >= $0.seconds }) else { return nil }
        let count = seconds / unit.seconds
        return "\(count) \(unit.name)\(count == 1 ? "" : "s") ago"
    }
}
