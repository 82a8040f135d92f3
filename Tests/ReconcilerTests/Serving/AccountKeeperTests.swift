import Testing

@testable import Reconciler

@Suite("What an earlier controller has read")
struct AccountKeeperTests {
    @Test("counts until a later reading was cut off: half of that may be written down, and is decided by nothing")
    func latestRefresh() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let digest = try await Fleets.fleet(try Fleets.yaml(1)).digest
        /// - Returns: when the records count as read whole after another reading.
        func latest(after ending: String?) async throws -> Timestamp? {
            clock.advance(by: .seconds(60))
            let now = clock.now()
            try await store.write { transaction in
                let cause = RunCause(command: AccountKeeper.command, person: "a test", process: 1, fleet: digest)
                let number = try transaction.startRun(cause, at: now)
                if let ending { try transaction.endRun(number, as: ending, at: now) }
            }
            return await AccountKeeper.latestRefresh(of: digest, in: store)
        }
        #expect(try await latest(after: RefreshReport.partialEnding) == nil)
        #expect(try await latest(after: RefreshReport.wholeEnding) == clock.now())
        let whole = clock.now()
        #expect(try await latest(after: RefreshReport.partialEnding) == whole)
        #expect(try await latest(after: RefreshReport.stoppedEnding) == whole)
        #expect(try await latest(after: "cut off") == nil)
        #expect(try await latest(after: RefreshReport.partialEnding) == nil)
        #expect(try await latest(after: RefreshReport.wholeEnding) == clock.now())
        #expect(try await latest(after: nil) == nil, "a process that was killed")
    }
}
