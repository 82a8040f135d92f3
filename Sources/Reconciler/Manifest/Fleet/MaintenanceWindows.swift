import Foundation

/// The windows of a profile set (`rollout.windows`): devices may be changed while at least one of them is open.
public struct MaintenanceWindows: Hashable, Sendable {
    /// At least one.
    public let windows: [MaintenanceWindow]

    /// - Returns: `nil` if there is no window.
    public init?(_ windows: [MaintenanceWindow]) {
        guard !windows.isEmpty else { return nil }
        self.windows = windows
    }

    /// Windows that do not close within this time, because they cover all the week, count as never closing.
    private static let horizon = Duration.seconds(400 * 86_400)

    /// Whether devices may be changed at a moment. A window is closed at the moment at which it closes.
    public func isOpen(at time: Timestamp) -> Bool { windows.contains { $0.closing(at: time) != nil } }

    /// The next moment at which they turn from closed to open; `nil` if they never close.
    public func nextOpening(after time: Timestamp) -> Timestamp? {
        guard isOpen(at: time) else { return firstOpening(after: time) }
        return endOfOpening(at: time).flatMap { firstOpening(after: $0) }
    }

    /// The next moment at which they turn from open to closed; `nil` if they never close.
    public func nextClosing(after time: Timestamp) -> Timestamp? {
        if isOpen(at: time) { return endOfOpening(at: time) }
        return firstOpening(after: time).flatMap { endOfOpening(at: $0) }
    }

    /// When who comes at a moment may begin; `nil` for at once.
    func opening(awaitedAt time: Timestamp) -> Timestamp? {
        isOpen(at: time) ? nil : firstOpening(after: time)
    }

    private func firstOpening(after time: Timestamp) -> Timestamp? {
        windows.map { $0.opening(after: time) }.min()
    }

    /// When they close that are open at a moment: windows that touch or overlap are one.
    private func endOfOpening(at time: Timestamp) -> Timestamp? {
        var end = time
        while let later = windows.compactMap({ $0.closing(at: end) }).max() {
            end = later
            if end - time > Self.horizon { return nil }
        }
        return end
    }

    /// The time at which they open as people write it, with what the clocks of the window's zone show:
    /// `2026-11-24T05:00:00.000Z (mon 22:00 America/Phoenix)`.
    func text(ofOpening time: Timestamp) -> String {
        let window = windows.first { $0.opening(after: time - .milliseconds(1)) == time } ?? windows[0]
        let zone = window.timeZone
        let day = zone.dayShown(at: time)
        let minutes = Int(
            (zone.shown(at: time) - Int64(day) * TimeZone.millisecondsPerDay) / TimeZone.millisecondsPerMinute)
        let weekday = MaintenanceWindow.Weekday(dayNumber: day).name
        return "\(time) (\(weekday) \(MaintenanceWindow.clockText(minutes)) \(window.zoneName))"
    }
}
