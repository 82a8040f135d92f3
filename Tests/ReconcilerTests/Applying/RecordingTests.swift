import Foundation
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// Two processes on one file: each store of it stands for one.
@Suite("While another process writes the carrier's records down")
struct RecordingTests {
    private let folder: TemporaryFolder
    private let clock = SystemClock()
    private let store: SQLiteStore
    private let otherStore: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: folder.path + "/state.db")
        otherStore = try SQLiteStore(path: folder.path + "/state.db")
    }

    /// Has another process write records down for as long as `work` takes.
    private func whileOtherRecords<Result: Sendable>(
        _ work: @escaping @Sendable (RunLock) async throws -> Result
    ) async throws -> Result {
        let lock = RunLock(ofReader: RunOwner(command: "refresh of a test"), store: otherStore, clock: clock)
        return try await lock.hold { try await lock.whileRecording { try await work(lock) } }
    }

    private func fleet(_ count: Int) async throws -> DesiredFleet {
        try await Fleets.fleet(try Fleets.yaml(count, rollout: Fleets.quick))
    }

    private func run(
        _ fleet: DesiredFleet, _ carrier: ScriptedCarrier, _ stop: StopSwitch, _ wakeup: Wakeup
    ) -> ApplyRun {
        ApplyRun(
            goal: .fleet(fleet), store: store, carrier: carrier, clock: clock, wakeup: wakeup,
            options: ApplyOptions(verification: .trust, waitsForConvergence: false, pollInterval: .milliseconds(50)),
            stop: stop)
    }

    @Test("a run sends nothing and says so, and goes on when that is over", .timeLimit(.minutes(5)))
    func apply() async throws {
        let carrier = ScriptedCarrier()
        let wakeup = Wakeup()
        let run = run(try await fleet(3), carrier, StopSwitch(wakeup: wakeup), wakeup)
        let running = try await whileOtherRecords { _ in
            let told = Wakeup()
            let running = Task {
                try await run.run { report in
                    if report.remarks.contains(where: { $0.contains("refresh of a test") }) { told.notify() }
                }
            }
            // Looked at twice.
            await told.change(after: 1)
            #expect(carrier.requestCount == 0)
            return running
        }
        #expect(try await running.value.ending == .asked)
        #expect(carrier.devices.count == 3)
    }

    @Test("a run that is stopped meanwhile ends, and has sent nothing", .timeLimit(.minutes(5)))
    func stopped() async throws {
        let carrier = ScriptedCarrier()
        let wakeup = Wakeup()
        let stop = StopSwitch(wakeup: wakeup)
        let run = run(try await fleet(3), carrier, stop, wakeup)
        let report = try await whileOtherRecords { _ in try await run.run { _ in stop.stop() } }
        #expect(report.ending == .interrupted)
        #expect(carrier.requestCount == 0)
    }

    @Test("a plan is computed from what is known when that is over", .timeLimit(.minutes(5)))
    func plan() async throws {
        var settings = Settings()
        settings.state = "sqlite:\(folder.path)/state.db"
        let session = PlanSession(settings: settings, clock: clock)
        let fleet = try await fleet(2)
        let (store, now) = (store, clock.now())
        let planning = try await whileOtherRecords { _ in
            let told = Wakeup()
            let planning = Task {
                try await session.plan(retryFailed: false, onWait: { _ in told.notify() }) { fleet }
            }
            await told.change(after: 0)
            let record = DeviceRecord(
                key: fleet.devices[1].key, account: Fleets.account,
                observation: ProfileObservation(
                    state: .downloadedEnabled, profileStatus: "ENABLE", at: now, source: .deviceListV2),
                service: .active)
            try await store.write { try $0.save([record]) }
            return planning
        }
        let plan = try await planning.value
        #expect(plan.actions.count == 1 && plan.convergedCount == 1)
    }

    @Test("a writer that has died, or does not renew its mark, is waited for no more")
    func dead() async throws {
        let now = clock.now()
        func mark(_ holder: String, until: Timestamp) -> Lease {
            Lease(name: .recording(holder), owner: "refresh", holder: holder, expiresAt: until)
        }
        let holder = ProcessIdentity().description
        let (living, expired) = (mark(holder, until: now + .seconds(30)), mark(holder, until: now - .seconds(1)))
        try await store.write { try $0.save(living) }
        let (alive, gone) = try await store.read {
            (try $0.recorder(at: now, isGone: { _ in false }), try $0.recorder(at: now, isGone: { _ in true }))
        }
        #expect(alive == living && gone == nil)
        try await store.write { try $0.save(expired) }
        #expect(try await store.read { try $0.recorder(at: now, isGone: { _ in false }) } == nil)
        // The next run that takes a lock clears it away.
        let lock = RunLock(store: store, clock: clock, owner: RunOwner(command: "apply"), profileSets: ["a"])
        try await lock.hold {}
        #expect(try await store.read { try $0.leases().count } == 0)
    }

    @Test("the mark goes with the writing, whatever has come of that")
    func failed() async throws {
        let lock = RunLock(ofReader: RunOwner(command: "refresh"), store: otherStore, clock: clock)
        let store = store
        try await lock.hold {
            await #expect(throws: RunStopped.self) {
                try await lock.whileRecording {
                    let count = try await store.read { try $0.leases().count }
                    #expect(count == 2)
                    throw RunStopped()
                }
            }
            let left = try await store.read { try $0.leases().map(\.name) }
            #expect(left == [.reading(lock.holder)])
        }
    }

    @Test("a refresh bears the mark as long as what it knows is half written")
    func refresh() async throws {
        let count = 2_500
        let fleet = try await fleet(count)
        let watched = WatchedStore(base: store) { transaction in
            let known = try transaction.knownFleet().devices.count
            guard 0 < known, known < count else { return nil }
            return try transaction.recorder(at: SystemClock().now()) != nil
        }
        try await Harness.withSimulator(Harness.inventory(fleet)) { _, baseURL in
            let report = try await Harness.refresh(RefreshScope(fleet), from: baseURL, store: watched)
            #expect(report.isWhole)
        }
        #expect(watched.seen.withLock { $0 }.count >= 2)
        #expect(watched.seen.withLock { $0 }.allSatisfy { $0 })
        #expect(try await store.read { try $0.leases().count } == 0)
    }
}

/// A store that is looked at after each change.
private final class WatchedStore: StateStore {
    private let base: SQLiteStore
    private let look: @Sendable (any StateTransaction) throws -> Bool?
    let seen = Mutex<[Bool]>([])

    init(base: SQLiteStore, look: @escaping @Sendable (any StateTransaction) throws -> Bool?) {
        self.base = base
        self.look = look
    }

    var location: String { base.location }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StateReader) throws -> Result
    ) async throws -> Result { try await base.read(body) }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result {
        try await base.write { [self] transaction in
            let result = try body(transaction)
            if let found = try look(transaction) { seen.withLock { $0.append(found) } }
            return result
        }
    }
}
