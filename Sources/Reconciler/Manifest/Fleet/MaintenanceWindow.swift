import Foundation

/// A time at which devices may be changed, on some days of the week: `{days: [mon-fri], from: "22:00", to: "04:00",
/// timeZone: America/Phoenix}`.
///
/// It is open once for each of its days: from the first moment at which the clocks of its zone show `from` or later
/// until the first moment at which they show `to` or later. So a time that comes twice does not open it twice. Where
/// clocks are put forward over all of it, it opens when they jump and is as long as it is written.
public struct MaintenanceWindow: Hashable, Sendable {
    /// A day of the week, named as in the YAML.
    public enum Weekday: Int, CaseIterable, Sendable {
        case mon, tue, wed, thu, fri, sat, sun

        init(dayNumber: Int) {
            // 1970-01-01 was a Thursday.
            let number = (dayNumber + 3) % 7
            self = Self.allCases[number < 0 ? number + 7 : number]
        }

        public var name: String { "\(self)" }
    }

    static let minutesPerDay = 24 * 60

    /// The days on which it opens.
    public let days: Set<Weekday>
    /// When it opens, in minutes after midnight as clocks show it.
    public let from: Int
    /// When it closes, in minutes after the midnight before it opened as clocks show it: above 1440 if on the next day.
    public let to: Int
    public let timeZone: TimeZone

    /// - Parameters:
    ///   - from: 0 to 1439 minutes after midnight.
    ///   - to: 0 to 1440 minutes after midnight; of the next day if it is before `from`.
    /// - Returns: `nil` for a window that would never be open.
    public init?(days: Set<Weekday>, from: Int, to: Int, timeZone: TimeZone) {
        guard !days.isEmpty, from != to, 0..<Self.minutesPerDay ~= from, 0...Self.minutesPerDay ~= to else {
            return nil
        }
        self.days = days
        self.from = from
        self.to = to > from ? to : to + Self.minutesPerDay
        self.timeZone = timeZone
    }

    /// When it is open that opens on a day.
    private func opening(on day: Int) -> Range<Timestamp> {
        func shown(_ minutes: Int) -> Int64 {
            Int64(day) * TimeZone.millisecondsPerDay + Int64(minutes) * TimeZone.millisecondsPerMinute
        }
        let opensAt = timeZone.firstMoment(showing: shown(from))
        let closesAt = timeZone.firstMoment(showing: shown(to))
        return opensAt..<(closesAt > opensAt ? closesAt : opensAt + .seconds((to - from) * 60))
    }

    /// Until when it is open at a moment; `nil` if it is closed then.
    func closing(at time: Timestamp) -> Timestamp? {
        let today = timeZone.dayShown(at: time)
        return ((today - 2)...(today + 1)).lazy.filter { days.contains(Weekday(dayNumber: $0)) }
            .map(opening).filter { $0.contains(time) }.map(\.upperBound).max()
    }

    /// When it opens next after a moment.
    func opening(after time: Timestamp) -> Timestamp {
        var day = timeZone.dayShown(at: time) - 1
        // It has a day, so that it opens within little more than a week.
        while true {
            if days.contains(Weekday(dayNumber: day)) {
                let opensAt = opening(on: day).lowerBound
                if opensAt > time { return opensAt }
            }
            day += 1
        }
    }

    // MARK: As it is written

    /// The name of its zone.
    var zoneName: String { timeZone.identifier == "GMT" ? "UTC" : timeZone.identifier }

    /// The zone with an IANA name, or UTC.
    static func zone(named name: String) -> TimeZone? {
        if name == "UTC" { return .gmt }
        // Short names such as EST mean several zones, and bare offsets know no daylight saving.
        return name.contains("/") ? TimeZone(identifier: name) : nil
    }

    /// The minutes after midnight of `HH:MM`, up to `24:00`.
    static func minutes(ofClock text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ 0x30...0x39 ~= bytes[$0] })
        else { return nil }
        func two(_ first: Int) -> Int { Int(bytes[first] - 0x30) * 10 + Int(bytes[first + 1] - 0x30) }
        let minutes = two(0) * 60 + two(3)
        return two(3) < 60 && minutes <= minutesPerDay ? minutes : nil
    }

    static func clockText(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
