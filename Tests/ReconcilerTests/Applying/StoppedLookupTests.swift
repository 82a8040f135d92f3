import Testing

@testable import Reconciler

@Suite("A run that is stopped during a lookup")
struct StoppedLookupTests {
    @Test("does not blame the account", .timeLimit(.minutes(2)))
    func stoppedLookup() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let wakeup = Wakeup()
        let stop = StopSwitch(wakeup: wakeup)
        // No answer ever comes.
        let carrier = ListCarrier(store, SystemClock(), rows: { _ in [] }, onQuestion: { _ in stop.stop() })
        let run = ApplyRun(
            goal: .fleet(try await Fleets.fleet(try Fleets.yaml(1, rollout: Fleets.quick))), store: store,
            carrier: carrier, clock: SystemClock(), wakeup: wakeup, options: ApplyOptions(), stop: stop)
        let report = try await run.run { _ in }
        #expect(!carrier.questions.isEmpty)
        #expect(report.ending == .interrupted)
        #expect(report.stoppedAccounts.isEmpty, "\(report.stoppedAccounts)")
    }
}
