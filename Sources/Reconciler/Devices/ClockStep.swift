/// The machine's clock was set while this process ran.
struct ClockStep: Hashable, Sendable, CustomStringConvertible {
    /// How far it is ahead of the process's own time; negative if it was set back.
    let ahead: Duration

    /// - Returns: `nil` if it was not set.
    init?(_ ahead: Duration) {
        guard ahead != .zero else { return nil }
        self.ahead = ahead
    }

    var isBack: Bool { ahead < .zero }

    var description: String {
        // Not by how much: the sentence stays the same while the new time is approached.
        "The clock of this machine was set \(isBack ? "back" : "forward") while this run was at work. It goes on by the time "
            + "that has really passed, and approaches the new time slowly. See whether the clock is right (`timedatectl`)."
    }
}
