/// The maintenance windows of a profile set as they are at a moment.
public struct WindowState: Hashable, Sendable {
    public let profileSet: String
    public let isOpen: Bool
    /// When they open next if they are closed, and close next if they are open; `nil` if they never close.
    public let changesAt: Timestamp?

    /// - Returns: `nil` for a set whose devices may be changed at any time.
    init?(of set: ProfileSet, at now: Timestamp) {
        guard let windows = set.rollout.windows else { return nil }
        profileSet = set.name
        isOpen = windows.isOpen(at: now)
        changesAt = isOpen ? windows.nextClosing(after: now) : windows.nextOpening(after: now)
    }
}

/// A profile set to whose devices nothing new is sent now, because none of its maintenance windows is open.
public struct ClosedWindow: Hashable, Sendable, CustomStringConvertible {
    public let profileSet: String
    public let opensAt: Timestamp
    /// When it opens, as people write it: `2026-11-24T05:00:00.000Z (mon 22:00 America/Phoenix)`.
    public let opening: String

    public var description: String { "Profile set \(profileSet) opens at \(opening)." }

    /// - Returns: `nil` if the set may be changed now.
    init?(of set: ProfileSet, at now: Timestamp) {
        guard let windows = set.rollout.windows, let opensAt = windows.opening(awaitedAt: now) else { return nil }
        profileSet = set.name
        self.opensAt = opensAt
        opening = windows.text(ofOpening: opensAt)
    }
}

extension Plan {
    /// The windows of all sets that have some, when the plan was made.
    public var windows: [WindowState] {
        actions.fleet.sets.compactMap { WindowState(of: $0, at: createdAt) }
    }

    /// Sets with actions in the plan that nothing was to be sent to when it was made.
    public var closedWindows: [ClosedWindow] {
        zip(actions.fleet.sets, rollouts).compactMap { set, tally in
            tally.hasWork ? ClosedWindow(of: set, at: createdAt) : nil
        }
    }
}
