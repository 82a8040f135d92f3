import Foundation
import Testing

@testable import Reconciler

@Suite("Maintenance windows")
struct MaintenanceWindowTests {
    private typealias Weekday = MaintenanceWindow.Weekday

    /// Hours as `HH:MM`, read the simple way.
    private static func minutes(_ text: String) throws -> Int {
        let parts = text.split(separator: ":").compactMap { Int($0) }
        return try #require(parts.first) * 60 + #require(parts.last)
    }

    private static func window(
        _ days: String, _ from: String, _ to: String, _ zone: String
    ) throws -> MaintenanceWindow {
        let names = days.split(separator: " ").map(String.init)
        let timeZone = try #require(TimeZone(identifier: zone))
        let window = MaintenanceWindow(
            days: Set(Weekday.allCases.filter { names.contains($0.name) }), from: try minutes(from),
            to: try minutes(to), timeZone: timeZone)
        return try #require(window)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let zone: String
        let days: String
        let from: String
        let to: String
        /// After this, the windows open and close at these times.
        let after: String
        let openings: [(String, String)]
        var testDescription: String { "\(zone) \(days) \(from)-\(to) after \(after)" }

        init(
            _ zone: String, _ days: String, _ from: String, _ to: String, after: String,
            _ openings: [(String, String)]
        ) {
            self.zone = zone
            self.days = days
            self.from = from
            self.to = to
            self.after = after
            self.openings = openings
        }
    }

    /// Worked out by hand from the dates at which clocks are put in 2026.
    static let cases: [Case] = [
        // No daylight saving; a window over midnight belongs to the day on which it opens.
        Case(
            "America/Phoenix", "mon", "22:00", "04:00", after: "2026-11-23T00:00:00Z",
            [("2026-11-24T05:00:00Z", "2026-11-24T11:00:00Z"), ("2026-12-01T05:00:00Z", "2026-12-01T11:00:00Z")]),
        Case(
            "Asia/Kathmandu", "tue", "00:00", "00:15", after: "2026-11-23T00:00:00Z",
            [("2026-11-23T18:15:00Z", "2026-11-23T18:30:00Z")]),
        // 2026-03-08 02:00 EST becomes 03:00 EDT. A window in the hour that is skipped is not lost.
        Case(
            "America/New_York", "sun", "02:15", "02:45", after: "2026-03-01T00:00:00Z",
            [
                ("2026-03-01T07:15:00Z", "2026-03-01T07:45:00Z"), ("2026-03-08T07:00:00Z", "2026-03-08T07:30:00Z"),
                ("2026-03-15T06:15:00Z", "2026-03-15T06:45:00Z"),
            ]),
        Case(
            "America/New_York", "sun", "02:00", "03:00", after: "2026-03-02T00:00:00Z",
            [("2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z")]),
        Case(
            "America/New_York", "sun", "01:00", "02:30", after: "2026-03-02T00:00:00Z",
            [("2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z")]),
        Case(
            "America/New_York", "sun", "02:30", "05:00", after: "2026-03-02T00:00:00Z",
            [("2026-03-08T07:00:00Z", "2026-03-08T09:00:00Z")]),
        Case(
            "America/New_York", "sat", "22:00", "04:00", after: "2026-03-02T00:00:00Z",
            [("2026-03-08T03:00:00Z", "2026-03-08T08:00:00Z")]),
        // 2026-11-01 02:00 EDT becomes 01:00 EST. A window in the hour that comes twice is open once.
        Case(
            "America/New_York", "sun", "01:15", "01:45", after: "2026-10-26T00:00:00Z",
            [("2026-11-01T05:15:00Z", "2026-11-01T05:45:00Z"), ("2026-11-08T06:15:00Z", "2026-11-08T06:45:00Z")]),
        Case(
            "America/New_York", "sun", "01:30", "04:00", after: "2026-10-26T00:00:00Z",
            [("2026-11-01T05:30:00Z", "2026-11-01T09:00:00Z"), ("2026-11-08T06:30:00Z", "2026-11-08T09:00:00Z")]),
        Case(
            "America/New_York", "sun", "00:30", "01:15", after: "2026-10-26T00:00:00Z",
            [("2026-11-01T04:30:00Z", "2026-11-01T05:15:00Z"), ("2026-11-08T05:30:00Z", "2026-11-08T06:15:00Z")]),
        Case(
            "America/New_York", "sat", "22:00", "04:00", after: "2026-10-26T00:00:00Z",
            [("2026-11-01T02:00:00Z", "2026-11-01T09:00:00Z")]),
        Case(
            "Europe/London", "sat sun", "00:00", "24:00", after: "2026-03-23T00:00:00Z",
            [("2026-03-28T00:00:00Z", "2026-03-29T23:00:00Z"), ("2026-04-03T23:00:00Z", "2026-04-05T23:00:00Z")]),
        // Half an hour: 2026-10-04 02:00 becomes 02:30, and 2026-04-05 02:00 becomes 01:30.
        Case(
            "Australia/Lord_Howe", "sun", "02:00", "02:30", after: "2026-09-28T00:00:00Z",
            [("2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"), ("2026-10-10T15:00:00Z", "2026-10-10T15:30:00Z")]),
        Case(
            "Australia/Lord_Howe", "sun", "01:30", "02:00", after: "2026-03-30T00:00:00Z",
            [("2026-04-04T14:30:00Z", "2026-04-04T15:30:00Z"), ("2026-04-11T15:00:00Z", "2026-04-11T15:30:00Z")]),
        // At midnight: 2026-03-08 00:00 becomes 01:00, and 2026-11-01 01:00 becomes 00:00.
        Case(
            "America/Havana", "sun", "00:00", "00:30", after: "2026-03-02T00:00:00Z",
            [("2026-03-08T05:00:00Z", "2026-03-08T05:30:00Z"), ("2026-03-15T04:00:00Z", "2026-03-15T04:30:00Z")]),
        Case(
            "America/Havana", "sat", "23:00", "00:30", after: "2026-03-02T00:00:00Z",
            [("2026-03-08T04:00:00Z", "2026-03-08T05:00:00Z")]),
        Case(
            "America/Havana", "sun", "00:15", "00:45", after: "2026-10-26T00:00:00Z",
            [("2026-11-01T04:15:00Z", "2026-11-01T04:45:00Z"), ("2026-11-08T05:15:00Z", "2026-11-08T05:45:00Z")]),
        // Back into the day before: 2026-10-25 00:00 becomes 2026-10-24 23:00.
        Case(
            "Asia/Beirut", "sat", "23:30", "23:45", after: "2026-10-19T00:00:00Z",
            [("2026-10-24T20:30:00Z", "2026-10-24T20:45:00Z"), ("2026-10-31T21:30:00Z", "2026-10-31T21:45:00Z")]),
        Case(
            "Asia/Beirut", "sat", "22:00", "24:00", after: "2026-10-19T00:00:00Z",
            [("2026-10-24T19:00:00Z", "2026-10-24T22:00:00Z")]),
        // Two hours: 2026-03-29 01:00 becomes 03:00.
        Case(
            "Antarctica/Troll", "sun", "01:30", "02:30", after: "2026-03-23T00:00:00Z",
            [("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")]),
    ]

    @Test("a window is open once for each of its days, also when clocks are put forward or back", arguments: cases)
    func daylightSaving(_ example: Case) throws {
        let windows = try #require(
            MaintenanceWindows([try Self.window(example.days, example.from, example.to, example.zone)]))
        var time = try Timestamp(written: example.after)
        for (opens, closes) in example.openings {
            let (opensAt, closesAt) = (try Timestamp(written: opens), try Timestamp(written: closes))
            #expect(windows.nextOpening(after: time) == opensAt)
            #expect(windows.nextClosing(after: time) == closesAt)
            let moment = Duration.milliseconds(1)
            #expect(!windows.isOpen(at: opensAt - moment) && windows.isOpen(at: opensAt))
            #expect(windows.isOpen(at: closesAt - moment) && !windows.isOpen(at: closesAt))
            #expect(windows.opening(awaitedAt: time) == opensAt && windows.opening(awaitedAt: opensAt) == nil)
            time = closesAt
        }
    }

    @Test("windows that touch or overlap are one, and those that cover the week never close")
    func joined() throws {
        let nights = try #require(
            MaintenanceWindows([
                try Self.window("mon", "20:00", "23:00", "UTC"), try Self.window("mon", "22:00", "24:00", "UTC"),
                try Self.window("tue", "00:00", "02:00", "UTC"),
            ]))
        let monday = try Timestamp(written: "2026-11-23T12:00:00Z")
        #expect(nights.nextOpening(after: monday) == (try Timestamp(written: "2026-11-23T20:00:00Z")))
        #expect(nights.nextClosing(after: monday) == (try Timestamp(written: "2026-11-24T02:00:00Z")))
        #expect(
            nights.nextOpening(after: try Timestamp(written: "2026-11-23T22:30:00Z"))
                == (try Timestamp(written: "2026-11-30T20:00:00Z")))
        let week = "mon tue wed thu fri sat sun"
        for zone in ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"] {
            let always = try #require(MaintenanceWindows([try Self.window(week, "00:00", "24:00", zone)]))
            #expect(always.isOpen(at: monday) && always.nextClosing(after: monday) == nil)
            #expect(always.nextOpening(after: monday) == nil && always.opening(awaitedAt: monday) == nil)
        }
        // In winter they cover the day, in summer they leave an hour.
        let seasonal = try #require(
            MaintenanceWindows([
                try Self.window(week, "00:00", "12:00", "UTC"),
                try Self.window(week, "12:00", "24:00", "Europe/London"),
            ]))
        #expect(
            seasonal.nextClosing(after: try Timestamp(written: "2026-01-01T00:00:00Z"))
                == (try Timestamp(written: "2026-03-29T23:00:00Z")))
    }

    @Test("a window that would never be open cannot be made")
    func empty() {
        #expect(MaintenanceWindow(days: [], from: 0, to: 60, timeZone: .gmt) == nil)
        #expect(MaintenanceWindow(days: [.mon], from: 60, to: 60, timeZone: .gmt) == nil)
        #expect(MaintenanceWindow(days: [.mon], from: 1440, to: 60, timeZone: .gmt) == nil)
        #expect(MaintenanceWindow(days: [.mon], from: 0, to: 1441, timeZone: .gmt) == nil)
        #expect(MaintenanceWindows([]) == nil)
    }

    @Test("an opening is told with what the clocks of its own zone show")
    func text() throws {
        let windows = try #require(
            MaintenanceWindows([
                try Self.window("wed", "10:00", "11:00", "UTC"),
                try Self.window("mon", "22:00", "04:00", "America/Phoenix"),
            ]))
        let opensAt = try #require(windows.nextOpening(after: try Timestamp(written: "2026-11-23T00:00:00Z")))
        #expect(windows.text(ofOpening: opensAt) == "2026-11-24T05:00:00.000Z (mon 22:00 America/Phoenix)")
        let next = try #require(windows.nextOpening(after: opensAt))
        #expect(windows.text(ofOpening: next) == "2026-11-25T10:00:00.000Z (wed 10:00 UTC)")
    }

    // MARK: Against an oracle

    private static let zones = [
        "America/New_York", "Europe/London", "Europe/Dublin", "America/Phoenix", "Australia/Lord_Howe",
        "America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Santiago", "Pacific/Chatham", "America/St_Johns",
        "Atlantic/Azores", "Africa/Casablanca", "Antarctica/Troll", "America/Asuncion", "Asia/Kathmandu",
        "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC",
    ]

    /// A stretch of minutes with what a clock shows at each, read from the calendar.
    private struct Minutes {
        static let day = 24 * 60
        static let length = 12 * day
        let start: Int64
        /// In minutes since a clock showed 1970-01-01 00:00.
        let shown: [Int]

        init(_ zone: TimeZone, around moment: Date) {
            start = Int64((moment.timeIntervalSince1970 / 60).rounded(.down)) - Int64(Self.length / 2)
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = zone
            var utc = calendar
            utc.timeZone = .gmt
            var shown: [Int] = []
            for minute in 0..<Self.length {
                let date = Date(timeIntervalSince1970: Double(start + Int64(minute)) * 60)
                let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
                let same = utc.date(from: parts) ?? .distantPast
                shown.append(Int(same.timeIntervalSince1970) / 60)
            }
            self.shown = shown
        }

        func time(_ minute: Int) -> Timestamp { Timestamp(milliseconds: (start + Int64(minute)) * 60_000) }

        /// Whether a window is open in each minute: walks through the minutes once for each day.
        func open(_ window: MaintenanceWindow) -> [Bool] {
            var open = Array(repeating: false, count: shown.count)
            for day in (shown[0] / Self.day + 1)...(shown[shown.count - 1] / Self.day) {
                // 1970-01-05 was a Monday.
                guard window.days.contains(Weekday.allCases[(day - 4) % 7]) else { continue }
                guard let first = shown.firstIndex(where: { $0 >= day * Self.day + window.from }) else { continue }
                let rest = first..<shown.count
                let last = rest.first { shown[$0] >= day * Self.day + window.to } ?? shown.count
                let end = last == first ? min(first + window.to - window.from, shown.count) : last
                for minute in first..<end { open[minute] = true }
            }
            return open
        }
    }

    /// A moment at which the clocks of a zone are put, or any moment if they never are.
    private static func moment(_ zone: TimeZone, _ random: inout SeededGenerator) -> Date {
        let any = Date(timeIntervalSince1970: Double.random(in: 1_200_000_000...2_000_000_000, using: &random))
        return zone.nextDaylightSavingTimeTransition(after: any) ?? any
    }

    @Test("windows open and close as a walk through all minutes finds", arguments: 1...6)
    func oracle(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let name = try #require(Self.zones.randomElement(using: &random))
        let zone = try #require(TimeZone(identifier: name))
        let minutes = Minutes(zone, around: Self.moment(zone, &random))
        for _ in 0..<6 {
            var windows: [MaintenanceWindow] = []
            while windows.count < Int.random(in: 1...3, using: &random) {
                let days = Set(Weekday.allCases.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
                // Most of them near the hours at which clocks are put.
                let hours = Bool.random(using: &random) ? 0...240 : 0...1439
                let from = Int.random(in: hours, using: &random)
                let length = Bool.random(using: &random) ? Int.random(in: 1...90, using: &random) : 600
                let to = (from + length) % 1440
                MaintenanceWindow(days: days, from: from, to: to, timeZone: zone).map { windows.append($0) }
            }
            try check(try #require(MaintenanceWindows(windows)), minutes, "seed \(seed), \(name): \(windows)")
        }
    }

    private func check(_ windows: MaintenanceWindows, _ minutes: Minutes, _ remark: String) throws {
        let each = windows.windows.map(minutes.open)
        let open = (0..<Minutes.length).map { minute in each.contains { $0[minute] } }
        // What opened before the first minute, or closes behind the last one, is not known to the walk.
        let known = (2 * Minutes.day)..<(Minutes.length - 2 * Minutes.day)
        let differing = stride(from: known.lowerBound, to: known.upperBound, by: 5).filter {
            windows.isOpen(at: minutes.time($0)) != open[$0]
        }
        #expect(differing.isEmpty, "\(remark) at \(differing.prefix(1).map { minutes.time($0) })")
        for minute in stride(from: known.lowerBound, to: known.upperBound, by: 131) {
            let later = (minute + 1)..<known.upperBound
            let opening = later.first { open[$0] && !open[$0 - 1] }
            let closing = later.first { !open[$0] && open[$0 - 1] }
            let time = minutes.time(minute)
            if let opening {
                #expect(windows.nextOpening(after: time) == minutes.time(opening), "\(remark) after \(time)")
            }
            if let closing {
                #expect(windows.nextClosing(after: time) == minutes.time(closing), "\(remark) after \(time)")
            }
        }
    }
}
