import Foundation
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// Runs that meet the opening and the closing of a window: time is put forward, nobody waits for it.
@Suite("Runs and their maintenance windows")
struct MaintenanceWindowRunTests {
    /// Open on each day from 22:00 to 23:00 in a zone that is 7 hours behind UTC.
    private static let windows = "windows: [{from: \"22:00\", to: \"23:00\", timeZone: America/Phoenix}]"

    private static func at(_ text: String) throws -> Timestamp { try Timestamp(written: text) }

    private static func options(
        timeout: Duration = .seconds(100 * 3600), _ change: (inout ConvergencePolicy) -> Void = { _ in }
    ) -> ApplyOptions {
        var policy = ConvergencePolicy(callbackDeadline: .seconds(200 * 3600))
        change(&policy)
        var options = ApplyOptions(policy: policy, timeout: timeout, pollInterval: .milliseconds(50))
        options.verification = .trust
        return options
    }

    private static func simulator(_ change: (inout SimulatorOptions) -> Void = { _ in }) -> SimulatorOptions {
        var options = Harness.quickCarrier
        change(&options)
        return options
    }

    /// The reports of a run as they come, to be waited for.
    private final class Reports: Sendable {
        private let stream: AsyncStream<ApplyReport>
        let yield: @Sendable (ApplyReport) -> Void

        init() {
            let (stream, continuation) = AsyncStream.makeStream(of: ApplyReport.self)
            self.stream = stream
            yield = { continuation.yield($0) }
        }

        func first(_ isWanted: @escaping @Sendable (ApplyReport) -> Bool) async throws -> ApplyReport {
            try #require(await stream.first(where: isWanted))
        }
    }

    /// A run against a simulator; `work` puts the clock forward meanwhile.
    private func run(
        _ rollout: String, devices: Int, from start: String, options: ApplyOptions,
        simulator simulatorOptions: SimulatorOptions = Self.simulator(),
        _ work: @escaping @Sendable (Simulator, JumpingClock, Reports) async throws -> Void = { _, _, _ in }
    ) async throws -> (report: ApplyReport, counts: SimulatorCounts) {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(devices, rollout: "rollout: {\(rollout), \(Self.windows)}"))
        return try await Harness.withSimulator(Harness.inventory(fleet), simulatorOptions) { simulator, baseURL in
            // Its time goes on while others keep the simulator's seat.
            let clock = JumpingClock(at: try Self.at(start))
            let reports = Reports()
            async let report = Harness.apply(
                fleet, to: baseURL, store: store, options: options, clock: clock, progress: reports.yield)
            try await work(simulator, clock, reports)
            return (try await report, await simulator.counts)
        }
    }

    /// Waits until the carrier has taken so many devices.
    private func taken(_ count: Int, _ action: String = "download_enable", by simulator: Simulator) async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(10))
        let found = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            await simulator.counts.acceptedDevices[action, default: 0] >= count ? true : nil
        }
        try #require(found == true)
    }

    @Test(
        "when a window closes, what waits in line does not leave, what is in flight lands, and the rest goes next time")
    func closes() async throws {
        // The second request waits until the devices of the first one have landed.
        let outcome = try await run(
            "batchSize: 5, maxInFlight: 5, requestsPerSecond: 1000", devices: 10, from: "2026-11-24T05:58:00Z",
            options: Self.options(), simulator: Self.simulator { $0.callbackDelay = 2...2.1 }
        ) { simulator, clock, reports in
            try await taken(5, by: simulator)
            clock.jump(to: try Self.at("2026-11-24T06:30:00Z"))
            let closed = try await reports.first { !$0.closedWindows.isEmpty && $0.converged == 5 }
            #expect(closed.closedWindows.map(\.profileSet) == ["fleet"] && closed.inFlight == 0 && closed.queued == 5)
            #expect(closed.closedWindows[0].opening == "2026-11-25T05:00:00.000Z (tue 22:00 America/Phoenix)")
            #expect(await simulator.counts.acceptedDevices == ["download_enable": 5])
            clock.jump(to: try Self.at("2026-11-25T05:00:00Z"))
        }
        #expect(outcome.report.ending == .settled && outcome.report.converged == 10)
        #expect(outcome.report.requests == 2, "a batch that was held back is no request")
        #expect(outcome.counts.repeatedDownloads == 0)
    }

    @Test("a run that begins outside a window waits for its opening")
    func opens() async throws {
        let outcome = try await run(
            "requestsPerSecond: 1000", devices: 3, from: "2026-11-24T12:00:00Z", options: Self.options()
        ) { simulator, clock, reports in
            let waiting = try await reports.first { !$0.closedWindows.isEmpty }
            #expect(waiting.closedWindows[0].opensAt == (try Self.at("2026-11-25T05:00:00Z")))
            clock.jump(to: try Self.at("2026-11-25T04:59:00Z"))
            #expect(await simulator.counts.acceptedRequests.isEmpty)
            clock.jump(to: try Self.at("2026-11-25T05:00:00Z"))
        }
        #expect(outcome.report.ending == .settled && outcome.report.converged == 3)
    }

    @Test("an attempt that failed in a window is not repeated before the next one")
    func retry() async throws {
        let outcome = try await run(
            "requestsPerSecond: 1000", devices: 3, from: "2026-11-24T05:50:00Z",
            options: Self.options { $0.retryDelay = .seconds(900) }, simulator: Self.simulator { $0.failureRate = 1 }
        ) { simulator, clock, reports in
            _ = try await reports.first { $0.waiting == 3 }
            clock.jump(to: try Self.at("2026-11-24T06:10:00Z"))
            let closed = try await reports.first { $0.queued == 3 && !$0.closedWindows.isEmpty }
            #expect(closed.waiting == 0)
            #expect(await simulator.counts.acceptedDevices == ["download_enable": 3])
            clock.jump(to: try Self.at("2026-11-25T05:00:00Z"))
        }
        #expect(outcome.report.ending == .settled && outcome.report.converged == 3)
        #expect(outcome.counts.acceptedDevices == ["download_enable": 6])
    }

    @Test("what a warning leaves to be enabled waits for the next window too")
    func enableAfterWarning() async throws {
        let outcome = try await run(
            "requestsPerSecond: 1000", devices: 3, from: "2026-11-24T05:50:00Z",
            options: Self.options { $0.enableAfter = .seconds(900) },
            simulator: Self.simulator {
                $0.warningRate = 1
                $0.warningDelay = 3600
            }
        ) { simulator, clock, reports in
            _ = try await reports.first { $0.enablePending == 3 }
            clock.jump(to: try Self.at("2026-11-24T06:10:00Z"))
            _ = try await reports.first { $0.queued == 3 && !$0.closedWindows.isEmpty }
            #expect(await simulator.counts.acceptedDevices == ["download_enable": 3])
            clock.jump(to: try Self.at("2026-11-25T05:00:00Z"))
        }
        #expect(outcome.report.ending == .settled && outcome.report.converged == 3)
        #expect(outcome.counts.acceptedDevices == ["download_enable": 3, "enable": 3])
    }

    @Test("a run whose time is up before the next opening, or that does not wait, ends at once and says when that is")
    func ends() async throws {
        var notWaiting = Self.options()
        notWaiting.waitsForConvergence = false
        for options in [Self.options(timeout: .seconds(3600)), notWaiting] {
            let outcome = try await run(
                "requestsPerSecond: 1000", devices: 3, from: "2026-11-24T12:00:00Z", options: options)
            #expect(outcome.report.ending == .outsideWindows)
            #expect(outcome.report.closedWindows.map(\.opensAt) == [try Self.at("2026-11-25T05:00:00Z")])
            #expect(outcome.report.requests == 0 && outcome.counts.acceptedRequests.isEmpty)
        }
    }

    @Test("a person's word sends outside the windows, in one run, and the run says so")
    func ignored() async throws {
        var options = Self.options(timeout: .seconds(3600))
        options.ignoresWindows = true
        let outcome = try await run(
            "requestsPerSecond: 1000", devices: 3, from: "2026-11-24T12:00:00Z", options: options)
        #expect(outcome.report.ending == .settled && outcome.report.converged == 3)
        #expect(outcome.report.remarks.count == 1 && outcome.report.remarks[0].contains("outside its maintenance"))
    }

    @Test("looking up goes on outside the windows: a fleet that is as desired needs none")
    func lookUps() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(4, rollout: "rollout: {waves: [1], requestsPerSecond: 1000, \(Self.windows)}"))
        var inventory = Harness.inventory(fleet)
        for index in inventory.indices { inventory[index].profileStatus = "ENABLE" }
        let clock = JumpingClock(at: try Self.at("2026-11-24T12:00:00Z"))
        try await Harness.withSimulator(inventory, Self.simulator()) { simulator, baseURL in
            var options = Self.options(timeout: .seconds(3600))
            options.verification = .lookup
            let report = try await Harness.apply(fleet, to: baseURL, store: store, options: options, clock: clock)
            #expect(report.ending == .settled && report.converged == 4 && report.closedWindows.isEmpty)
            #expect(await simulator.counts.acceptedDevices.isEmpty)
        }
    }
}
