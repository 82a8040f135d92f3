/// Looks at a saved plan beside the state as it is now.
public struct SavedPlanSession: Sendable {
    private let settings: Settings
    private let clock: any WallClock

    public init(settings: Settings, clock: any WallClock = SystemClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// What is left of a saved plan.
    public struct Outlook: Sendable {
        /// What would be sent, and what is under way or stands in the way.
        public let rest: Plan
        /// Devices that have moved since the plan was made: nothing is done to them.
        public let moved: [MovedDevice]
        /// How many of the plan's devices need nothing more.
        public let done: Int
    }

    /// - Throws: `StateStoreError`
    public func outlook(of saved: SavedPlan, retryFailed: Bool) async throws -> Outlook {
        let now = clock.now()
        let planner = Planner(
            now: now, retriesFailuresBefore: retryFailed ? now : nil, maxChange: settings.policy.maxChange)
        let fleet = saved.fleet
        guard let store = try await settings.openStoreIfThere() else {
            let rest = planner.plan(
                desired: fleet, known: KnownFleet(), within: PlanReview(saved, runs: [], startedAt: now))
            let moved = rest.moved.map { MovedDevice(saved.plan.actions[$0], nil, run: nil, saved) }
            return Self.outlook(rest, moved)
        }
        return try await store.read { reader in
            let review = try PlanReview(saved, in: reader, at: now)
            let rest = planner.plan(desired: fleet, known: try reader.knownFleet(), within: review)
            return Self.outlook(rest, try MovedDevice.those(at: rest.moved, of: saved, in: reader))
        }
    }

    private static func outlook(_ rest: Plan, _ moved: [MovedDevice]) -> Outlook {
        Outlook(rest: rest, moved: moved, done: rest.convergedCount)
    }

    /// Fills a throw-away store with what a plan was computed from, so that it can be tried on a simulator.
    ///
    /// - Returns: the plan as it would be if it had been made with that store.
    /// - Throws: `StateStoreError`
    public func rehearsal(of saved: SavedPlan) async throws -> SavedPlan {
        let madeAt = saved.plan.createdAt
        let seen = saved.plan.actions.filter { $0.known != nil }.map { action in
            DeviceRecord(
                key: action.key, account: action.account, imei: action.imei,
                observation: action.known.map {
                    ProfileObservation(state: $0, profileStatus: nil, at: madeAt, source: .deviceListV2)
                })
        }
        let versions = try await settings.openStore().write { transaction in
            try transaction.save(seen)
            return try transaction.devices(seen.map(\.key)).mapValues(\.version)
        }
        var plan = saved.plan
        plan.actions = plan.actions.computed(from: versions)
        return SavedPlan(
            toolVersion: saved.toolVersion, checksum: saved.checksum, fleetDigest: saved.fleetDigest, plan: plan)
    }
}
