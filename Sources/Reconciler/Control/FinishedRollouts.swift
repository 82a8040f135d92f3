/// Roll-outs that came to their end while no run was looking, because their last callbacks came after it: they are
/// ended, so that the next change of their sets begins with its first wave.
public struct FinishedRollouts: Sendable {
    private let settings: Settings
    private let clock: any WallClock

    public init(settings: Settings, clock: any WallClock = SystemClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// Ends those of a fleet for which nothing is left to do. A run that is at work on it ends them itself.
    ///
    /// - Throws: `StateStoreError`
    public func end(of fleet: DesiredFleet) async throws {
        guard let store = try await settings.openStoreIfThere() else { return }
        let names = fleet.sets.map(\.name)
        let open = try await store.read { try $0.openRollouts() }
        guard open.contains(where: { names.contains($0.profileSet) && $0.abort == nil }) else { return }
        let lock = RunLock(store: store, clock: clock, owner: RunOwner(command: "apply"), profileSets: names)
        do {
            try await lock.hold {
                let (wall, now) = (clock.wall(), clock.now())
                guard case .known(let known) = try await store.read({ try $0.wholeFleet(at: wall, now: now) }) else {
                    return
                }
                let plan = Planner(now: clock.now()).plan(desired: fleet, known: known)
                guard plan.isConverged else { return }
                _ = try await RolloutBook(store: store, clock: clock).keep(plan, known.rollouts)
            }
        } catch is RunLockHeld {}
    }
}
