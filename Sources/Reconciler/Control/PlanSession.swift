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

    /// Reads the manifests and the known state at the same time.
    ///
    /// - Parameter load: gives the desired fleet.
    /// - Throws: `StateStoreError`, and what `load` throws.
    public func plan(
        retryFailed: Bool, load: @escaping @Sendable () async throws -> DesiredFleet
    ) async throws -> Plan {
        // What is asked for from now on was not seen by this plan.
        let now = clock.now()
        async let known = knownFleet()
        let desired = try await load()
        return Planner(now: now, retriesFailuresBefore: retryFailed ? now : nil).plan(
            desired: desired, known: try await known)
    }

    private func knownFleet() async throws -> KnownFleet {
        try await settings.openStoreIfThere()?.read { try $0.knownFleet() } ?? KnownFleet()
    }
}
