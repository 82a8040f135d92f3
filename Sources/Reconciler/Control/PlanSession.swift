import Foundation

/// Computes a plan from the store that the settings name; a store that is not there yet is taken for empty, and
/// not made.
public struct PlanSession: Sendable {
    private let settings: Settings
    private let clock: any WallClock

    public init(settings: Settings, clock: any WallClock = SystemClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// - Throws: `StateStoreError`
    public func plan(_ desired: DesiredFleet, retryFailed: Bool) async throws -> Plan {
        let known =
            try await StateLocation.openIfThere(settings.state)?.read { try $0.knownFleet() } ?? KnownFleet()
        return Planner(now: clock.now(), retryFailed: retryFailed).plan(desired: desired, known: known)
    }
}
