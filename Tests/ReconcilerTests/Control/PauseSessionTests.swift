import Testing

@testable import Reconciler

@Suite("Pausing and letting go on")
struct PauseSessionTests {
    private let clock = ManualClock()

    /// A store with three sets: one is paused, the rollout of another was stopped by failures, and so is everything.
    private func withStore(_ work: (SQLiteStore, PauseSession) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let now = clock.now()
        let sets = try ["meters", "pumps", "cars"].enumerated().map { number, name in
            SetMembers(profileSet: name, keys: [try Fleets.key(number)])
        }
        try await store.write { transaction in
            try transaction.note(sets, isWhole: true)
            for scope in [Pause.Scope.everything, .profileSet("meters")] {
                try transaction.save(Pause(scope: scope, by: "ann", reason: "", at: now))
            }
            var rollout = try transaction.startRollout(of: "pumps", at: now)
            rollout.abort = RolloutRecord.Abort(at: now, reason: "8 of 12 have failed.")
            try transaction.update(rollout)
        }
        try await work(store, PauseSession(store: store, clock: clock))
    }

    @Test("only what is named goes on (F28)")
    func onlyWhatIsNamed() async throws {
        let cases: [(PauseSession.Resumption, pauses: [String], stopped: [String])] = [
            (.everything, ["meters"], ["pumps"]), (.profileSet("meters"), ["everything"], ["pumps"]),
            (.profileSet("pumps"), ["everything", "meters"], []),
            (.profileSet("cars"), ["everything", "meters"], ["pumps"]),
            (.all, [], []),
        ]
        for (resumption, pauses, stopped) in cases {
            try await withStore { store, session in
                let resumed = try await session.resume(resumption, by: "eve")
                #expect(resumed.remaining.map(\.scope.name).sorted() == pauses, "\(resumption)")
                #expect(resumed.remainingAborted.map(\.profileSet) == stopped, "\(resumption)")
                #expect(try await store.read { try $0.pauses() } == resumed.remaining)
            }
        }
    }

    @Test("a set that nobody knows can be neither paused nor resumed (F26)")
    func unknownSet() async throws {
        try await withStore { store, session in
            for name in ["metres", "", "meters "] {
                await #expect(throws: UnknownProfileSet.self) {
                    try await session.pause(name, reason: "", by: "ann")
                }
                await #expect(throws: UnknownProfileSet.self) {
                    try await session.resume(.profileSet(name), by: "ann")
                }
            }
            let error = try #require(
                await #expect(throws: UnknownProfileSet.self) {
                    try await session.pause("metres", reason: "", by: "ann")
                })
            #expect(error.description.contains("Did you mean `meters`?") && error.description.contains("nothing was"))
            #expect(try await store.read { try $0.pauses().count } == 2)
            try await session.pause("cars", reason: "", by: "ann")
            #expect(try await store.read { try $0.pauses().count } == 3)
        }
    }
}
