/// The time of a process: it begins as the machine's clock shows it, and goes on by the monotonic clock.
///
/// When the machine's clock is set while the process runs, all that waits goes on waiting as long as it was meant to. The
/// new time is approached by a tenth of what passes, so that no wait is longer or shorter by more than that, and time
/// never goes back.
struct SteadyTime: Sendable {
    /// In nanoseconds, as all times here.
    private var last: (time: Int64, monotonic: Int64)?

    /// A difference of the machine's clock that is worth a word.
    static let leastStep = Duration.seconds(2)
    /// The part of the time that passes by which the machine's clock is approached.
    private static let share: Int64 = 10

    /// The time now.
    ///
    /// - Parameters:
    ///   - wall: what the machine's clock shows.
    ///   - monotonic: the time since the machine was started.
    mutating func now(wall: Int64, monotonic: Int64) -> Int64 {
        guard let last else {
            last = (wall, monotonic)
            return wall
        }
        let passed = max(monotonic.saturatingSubtract(last.monotonic), 0)
        let even = last.time.saturatingAdd(passed)
        let most = passed / Self.share
        let time = even.saturatingAdd(min(max(wall.saturatingSubtract(even), -most), most))
        self.last = (time, max(monotonic, last.monotonic))
        return time
    }
}
