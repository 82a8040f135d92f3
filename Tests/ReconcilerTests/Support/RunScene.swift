import Foundation
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// A simulator, a store, and one listener that stands for all of the runs upon them.
struct RunScene: Sendable {
    let simulator: Simulator
    let store: SQLiteStore
    let folder: TemporaryFolder
    let clock: ClockAhead
    private let policy: ConvergencePolicy
    private let carrier: ThingSpaceClient
    private let wakeup: Wakeup

    /// The settings of commands that look at the store.
    var settings: Settings {
        var settings = Settings()
        settings.state = "sqlite:\(folder.path)/state.db"
        return settings
    }

    /// - Parameters:
    ///   - inventory: what the carrier has.
    ///   - callbackDelay: how many seconds an action takes.
    static func with(
        _ inventory: [SimulatedDevice], _ options: SimulatorOptions = Harness.quickCarrier,
        policy: ConvergencePolicy = Harness.quickPolicy, callbackDelay: ClosedRange<Double> = 0.01...0.03,
        _ work: @escaping @Sendable (RunScene) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let (wakeup, clock) = (Wakeup(), ClockAhead())
        var options = options
        options.callbackDelay = callbackDelay
        try await Harness.withSimulator(inventory, options) { simulator, baseURL in
            try await Harness.withListener(store, wakeup: wakeup, policy: policy, clock: clock) { url in
                let client = HTTPTransport.makeClient()
                let carrier = ThingSpaceClient(
                    baseURL: try BaseURL(baseURL), credentials: Harness.credentials(),
                    ledger: StoredSignInLedger(store: store, clock: clock), client: client, clock: clock)
                let result: Result<Void, any Error>
                do {
                    try await carrier.registerCallback(
                        url: url, credentials: Harness.callbackCredentials, for: Fleets.account)
                    try await work(
                        RunScene(
                            simulator: simulator, store: store, folder: folder, clock: clock, policy: policy,
                            carrier: carrier, wakeup: wakeup))
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                try await client.shutdown()
                try result.get()
            }
        }
    }

    func apply(
        _ goal: ApplyGoal, waits: Bool = true, allowsLargeChange: Bool = false,
        verification: ApplyOptions.Verification = .lookup, commit: String? = nil
    ) async throws -> ApplyReport {
        let options = ApplyOptions(
            policy: policy, verification: verification, waitsForConvergence: waits, timeout: .seconds(60),
            largeChanges: allowsLargeChange ? .allow : .refuse)
        return try await ApplyRun(
            goal: goal, store: store, carrier: carrier, clock: clock, wakeup: wakeup, options: options,
            stop: StopSwitch(wakeup: wakeup), commit: commit
        ).run { _ in }
    }

    /// Reads the carrier's records.
    func refresh(_ fleet: DesiredFleet) async throws {
        let scope = RefreshScope(fleet)
        let report = try await RefreshRun(
            scope: scope, store: store, carrier: carrier,
            pacer: RequestPacer(store: store, clock: clock, rates: scope.requestRates(elsewhere: 1000)), clock: clock,
            wakeup: wakeup, options: RefreshOptions(pollInterval: .milliseconds(100)),
            stop: StopSwitch(wakeup: wakeup), command: "refresh"
        ).run { _ in }.report
        try #require(report.accounts.allSatisfy { $0.problems.isEmpty })
    }

    /// Waits until nothing is in flight any more; fails the test if that takes more than two minutes.
    func untilLanded() async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: wakeup, pollInterval: .milliseconds(50))
        let hasLanded = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await store.read { try $0.operationsInFlight() } == 0 ? true : nil
        }
        try #require(hasLanded == true)
    }

    /// Plans, saves the plan and reads it again.
    func savedPlan(_ yaml: String) async throws -> SavedPlan {
        try await savedPlan(try await Fleets.fleet(yaml))
    }

    func savedPlan(_ fleet: DesiredFleet) async throws -> SavedPlan {
        let now = clock.now()
        let plan = Planner(now: now, maxChange: policy.maxChange).plan(
            desired: fleet, known: try await store.read { try $0.knownFleet() })
        let path = folder.path + "/change.plan"
        try PlanFile.write(plan, to: path, toolVersion: "1")
        return try PlanFile.read(path)
    }
}

/// The machine's clock, put forward by as much as a test says.
final class ClockAhead: WallClock {
    private let ahead = Mutex(Duration.zero)

    func advance(by duration: Duration) { ahead.withLock { $0 += duration } }

    func now() -> Timestamp { SystemClock().now() + ahead.withLock { $0 } }

    func sleep(until deadline: Timestamp) async throws {
        try await SystemClock().sleep(until: deadline - ahead.withLock { $0 })
    }
}
