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
    /// - Parameters:
    ///   - onWait: told why the known state cannot be read yet, once.
    ///   - load: gives the desired fleet.
    /// - Throws: `StateStoreError`, and what `load` throws.
    public func plan(
        retryFailed: Bool, onWait: @escaping @Sendable (String) -> Void = { _ in },
        load: @escaping @Sendable () async throws -> DesiredFleet
    ) async throws -> Plan {
        // What is asked for from now on was not seen by this plan.
        let now = clock.now()
        async let known = knownFleet(onWait)
        let desired = try await load()
        return Planner(
            now: now, retriesFailuresBefore: retryFailed ? now : nil, maxChange: settings.policy.maxChange
        ).plan(desired: desired, known: try await known)
    }

    private func knownFleet(_ onWait: (String) -> Void) async throws -> KnownFleet {
        guard let store = try await settings.openStoreIfThere() else { return KnownFleet() }
        try await KeptCallbacks(store: store, clock: clock, policy: settings.policy).takeEffect()
        var hasTold = false
        while true {
            let wall = clock.wall()
            let now = clock.now()
            switch try await store.read({ try $0.wholeFleet(at: wall, now: now) }) {
            case .known(let fleet): return fleet
            case .beingWritten(let recorder):
                if !hasTold { onWait(WholeFleet.explanation(of: recorder)) }
                hasTold = true
                try await clock.sleep(until: clock.now() + Self.pollInterval)
            }
        }
    }

    /// How often to look whether another process has come to the end of what it writes.
    private static let pollInterval = Duration.milliseconds(200)
}
