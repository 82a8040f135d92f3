import Foundation
import Simulator
import Synchronization
import Testing

@testable import Reconciler

@Suite("Roll-outs against the simulator")
struct RolloutTests {
    @Test("each wave waits for the one before")
    func waves() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(40, rollout: "rollout: {waves: [10%, 50%], batchSize: 3, requestsPerSecond: 1000}"))
        let limits = [4, 20, 40]
        try await Harness.withSimulator(Harness.inventory(fleet)) { simulator, baseURL in
            let reports = Mutex<[ApplyReport]>([])
            let report = try await Harness.apply(fleet, to: baseURL, store: store) { report in
                reports.withLock { $0.append(report) }
            }
            #expect(report.ending == .settled)
            #expect(report.converged == 40)
            #expect(await simulator.counts.repeatedDownloads == 0)
            for report in reports.withLock({ $0 }) {
                guard let wave = report.waves.first else { continue }
                #expect(wave.count == 3 && wave.profileSet == fleet.sets[0].name)
                #expect(report.converged + report.inFlight + report.enablePending <= limits[wave.number - 1])
            }
            #expect(Set(reports.withLock { $0 }.compactMap { $0.waves.first?.number }) == [1, 2, 3])
            #expect(try await store.read { try $0.openRollouts() }.isEmpty, "a roll-out that is done has ended")
        }
    }

    @Test("a roll-out of which too many fail is given up until it is resumed, and what is not out stays in")
    func abort() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        let rollout = "rollout: {waves: [5], abortWhen: {failed: 40%, atLeast: 2}, requestsPerSecond: 1000}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(20, rollout: rollout))
        var options = Harness.quickCarrier
        options.permanentFailureRate = 1
        var policy = Harness.quickPolicy
        policy.maximumAttempts = 1
        let applyOptions = ApplyOptions(policy: policy, timeout: .seconds(60))
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            for register in [RegistrationMode.auto, .never] {
                let report = try await Harness.apply(
                    fleet, to: baseURL, store: store, options: applyOptions, register: register)
                guard case .aborted(let reasons) = report.ending else {
                    Issue.record("\(report.ending)")
                    return
                }
                // How many had failed by then is a matter of moments.
                #expect(reasons.count == 1 && reasons[0].contains(#/[3-5] of the 5/#), "\(reasons)")
                #expect(report.failed == 5)
                #expect(await simulator.counts.acceptedDevices["download_enable"] == 5, "no more than the first wave")
            }
            let resumed = try await PauseSession(store: store, clock: SystemClock()).resume(
                .profileSet(fleet.sets[0].name), by: "ann")
            #expect(resumed.aborted.map(\.profileSet) == [fleet.sets[0].name])
            var notWaiting = applyOptions
            notWaiting.waitsForConvergence = false
            // The listener that the carrier knows is gone, so nothing can be looked up.
            notWaiting.verification = .trust
            let next = try await Harness.apply(
                fleet, to: baseURL, store: store, options: notWaiting, register: .never)
            #expect(next.ending == .asked)
            #expect(await simulator.counts.acceptedDevices["download_enable"] == 10, "the next wave is five again")
        }
    }

    @Test("a pause holds a running process back until it is resumed")
    func pause() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(6, rollout: "rollout: {requestsPerSecond: 1000}"))
        let session = PauseSession(store: store, clock: SystemClock())
        try await session.pause(nil, reason: "outage", by: "ann")
        try await Harness.withSimulator(Harness.inventory(fleet)) { simulator, baseURL in
            let (pauses, sawPause) = AsyncStream.makeStream(of: Pause.self)
            async let report = Harness.apply(
                fleet, to: baseURL, store: store,
                options: ApplyOptions(
                    policy: Harness.quickPolicy, timeout: .seconds(60), pollInterval: .milliseconds(50))
            ) { report in
                if let pause = report.pause { sawPause.yield(pause) }
            }
            let pause = try #require(await pauses.first { _ in true })
            #expect(pause.reason == "outage" && pause.by == "ann")
            #expect(await simulator.counts.acceptedRequests.isEmpty)
            #expect(try await session.resume(.everything, by: "ann").pauses.count == 1)
            #expect(try await report.ending == .settled)
            #expect(try await report.converged == 6)
        }
    }
}
