import Foundation
import Simulator
import Testing

@testable import Reconciler

/// Applies a fleet as an operator would: a run that ends with a sentence is run again. One listener stands for all
/// of the runs, and the test goes on only when the carrier has nothing more to say.
struct RepeatedApply: Sendable {
    let fleet: DesiredFleet
    var inventory: [SimulatedDevice]
    var simulator = Harness.quickCarrier
    var policy = Harness.quickPolicy
    /// How long the client waits for an answer.
    var clientTimeout = Duration.milliseconds(1500)
    var concurrentCalls = 4
    /// How long all of it may take.
    var timeout = Duration.seconds(60)

    init(_ fleet: DesiredFleet) {
        self.fleet = fleet
        inventory = Harness.inventory(fleet)
    }

    struct Outcome: Sendable, CustomTestStringConvertible {
        let reports: [ApplyReport]
        let counts: SimulatorCounts
        /// What is known, and what is so, of each device in the order of the fleet.
        let known: [ProfileState?]
        let truth: [ProfileState]
        /// Whether a plan made now is empty.
        let isConverged: Bool

        /// What became of the devices that are not converged.
        let unsettled: [String]
        var testDescription: String { "\(endings), \(counts), \(unsettled)" }
        var endings: [ApplyReport.Ending] { reports.map(\.ending) }
        /// Devices that are not as desired, with what is known and what is so.
        var differences: [String] {
            zip(known, truth).enumerated().filter { $0.element.0 != $0.element.1 }.map {
                "\($0.offset): known \($0.element.0?.name ?? "never seen"), in truth \($0.element.1.name)"
            }
        }
    }

    private static let mostRuns = 12

    func run() async throws -> Outcome {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let wakeup = Wakeup()
        return try await Harness.withSimulator(inventory, simulator) { simulator, baseURL in
            try await Harness.withListener(store, wakeup: wakeup, policy: policy) { url in
                let client = HTTPTransport.makeClient()
                func carrier(timeout: Duration) throws -> ThingSpaceClient {
                    ThingSpaceClient(
                        baseURL: try BaseURL(baseURL), credentials: Harness.credentials(),
                        ledger: StoredSignInLedger(store: store, clock: SystemClock()), client: client,
                        clock: SystemClock(), timeout: timeout)
                }
                let result: Result<Outcome, any Error>
                do {
                    try await carrier(timeout: .seconds(60)).registerCallback(
                        url: url, credentials: Harness.callbackCredentials, for: Fleets.account)
                    result = .success(try await apply(store, carrier(timeout: clientTimeout), simulator, wakeup))
                } catch {
                    result = .failure(error)
                }
                try await client.shutdown()
                return try result.get()
            }
        }
    }

    private func apply(
        _ store: any StateStore, _ carrier: ThingSpaceClient, _ simulator: Simulator, _ wakeup: Wakeup
    ) async throws -> Outcome {
        let deadline = SystemClock().now() + timeout
        var reports: [ApplyReport] = []
        while reports.count < Self.mostRuns, SystemClock().now() < deadline {
            let options = ApplyOptions(
                policy: policy, lookupTimeout: .seconds(60), timeout: timeout, largeChanges: .allow,
                concurrentCalls: concurrentCalls)
            let report = try await ApplyRun(
                goal: .fleet(fleet), store: store, carrier: carrier, clock: SystemClock(), wakeup: wakeup,
                options: options, stop: StopSwitch(wakeup: wakeup)
            ).run { _ in }
            reports.append(report)
            guard case .stopped = report.ending else { break }
        }
        let waiter = StateWaiter(clock: SystemClock(), wakeup: wakeup, pollInterval: .milliseconds(20))
        _ = try await waiter.wait(until: deadline) {
            let unread = try await store.read { try $0.unreadCallbacks(limit: 1) }
            return await simulator.isQuiet && unread.isEmpty ? true : nil
        }
        let keys = fleet.devices.map(\.key)
        let records = try await store.read { try $0.devices(keys) }
        let known = try await store.read { try $0.knownFleet() }
        let plan = Planner(now: SystemClock().now()).plan(desired: fleet, known: known)
        let devices = await simulator.devices
        let truth = Dictionary(uniqueKeysWithValues: devices.map { ($0.iccid, $0.profileStatus) })
        return Outcome(
            reports: reports, counts: await simulator.counts, known: keys.map { records[$0]?.observation?.state },
            truth: keys.map { ProfileState(profileStatus: truth[$0.iccid.description] ?? "") },
            isConverged: plan.isConverged,
            unsettled: plan.exceptions.prefix(10).map { "\($0.key.iccid) \($0.reason)" }
                + plan.actions.prefix(10).map { "\($0.key.iccid) \($0.action)" })
    }
}
