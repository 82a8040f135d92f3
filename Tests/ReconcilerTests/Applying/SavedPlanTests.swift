import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Saved plans against the simulator")
struct SavedPlanTests {
    private static let rollout = "rollout: {requestsPerSecond: 1000, maxChange: 100%}"

    private func inventory(_ yaml: String) async throws -> [SimulatedDevice] {
        Harness.inventory(try await Fleets.fleet(yaml))
    }

    /// A scene whose profiles are there and disabled.
    private func withDisabledFleet(
        _ count: Int, _ work: @escaping @Sendable (RunScene) async throws -> Void
    ) async throws {
        let yaml = try Fleets.yaml(count, state: "downloaded-disabled", rollout: Self.rollout)
        let fleet = try await Fleets.fleet(yaml)
        try await RunScene.with(Harness.inventory(fleet)) { scene in
            #expect(try await scene.apply(.fleet(fleet)).ending == .settled)
            try await work(scene)
        }
    }

    @Test("a plan applied hours later leaves alone what others have moved")
    func stale() async throws {
        try await withDisabledFleet(12) { scene in
            let saved = try await scene.savedPlan(try Fleets.yaml(12, rollout: Self.rollout))
            #expect(saved.plan.actions.count == 12)
            let keys = try [2, 5, 9].map { try Fleets.key($0) }
            scene.clock.advance(by: .seconds(5 * 3600))
            try await moveByOtherHands(keys, scene)
            scene.clock.advance(by: .seconds(3600))

            let before = await scene.simulator.counts.acceptedDevices
            let report = try await scene.apply(.savedPlan(saved))
            #expect(report.ending == .settled)
            // The first is found as the plan would have it, by the lookup that the portal's message leads to.
            #expect(report.moved.map(\.key) == Array(keys[1...]))
            let reasons = report.moved.map(\.explanation)
            #expect(reasons.count == 2 && reasons.allSatisfy { $0.hasPrefix("It was downloadedDisabled in the plan") })
            for (reason, (state, source)) in zip(
                reasons,
                [
                    ("deleted (DELETE)", "v2 device list"), ("notDownloaded", "resolve"),
                ])
            {
                #expect(reason.contains("and is \(state), learnt at") && reason.contains("by \(source)"), "\(reason)")
            }
            var calls = await scene.simulator.counts.acceptedDevices
            #expect(calls.removeValue(forKey: "enable") == 9)
            #expect(calls == before, "nothing else was asked for")
            for device in await scene.simulator.devices
            where keys.allSatisfy({ $0.iccid.description != device.iccid }) {
                #expect(device.profileStatus == "ENABLE")
            }
            #expect(report.converged == 10 && report.total == 12)

            // Once more: what is done is done, and the three are still not what was reviewed.
            let again = try await scene.apply(.savedPlan(saved))
            #expect(again.moved.map(\.key) == Array(keys[1...]) && again.requests == 0)
        }
    }

    /// One is enabled in the carrier's portal, which a callback tells; one is found deleted by a look-up; one is settled
    /// by hand.
    private func moveByOtherHands(_ keys: [DeviceKey], _ scene: RunScene) async throws {
        let now = scene.clock.now()
        let policy = ConvergencePolicy()
        await scene.simulator.set(profileStatus: "ENABLE", iccid: keys[0].iccid.description)
        let message = """
            {"requestId":"portal","deviceIds":[{"kind":"Iccid","id":"\(keys[0].iccid)"}],"deviceResponse":
            {"deviceProfileResponse":{"profileStatus":"ENABLE","euiccStatus":"EXECUTED_SUCCESS"}}}
            """
        let callback = try ReceivedCallback(json: Array(message.utf8)).kept(at: now)
        try await scene.store.write { try $0.keep([callback]) }
        try await CallbackFolder(store: scene.store, clock: scene.clock, policy: policy, wakeup: Wakeup()).readAll()

        await scene.simulator.set(profileStatus: "DELETE", iccid: keys[1].iccid.description)
        let telling = StatusTelling(state: .deleted, word: "DELETE", source: .deviceListV2, asOf: now)
        let proof = ListProof(isWhole: true, tellsEveryStatus: true, asOf: now)
        try await scene.store.write { transaction in
            let found = try transaction.devices([keys[1]])[keys[1]]?.listed(
                DeviceSighting(tellings: [telling], asOf: now), on: Fleets.account, proof, at: now, policy: policy)
            try transaction.save([try #require(found).record])
        }
        await scene.simulator.set(profileStatus: "Not Downloaded", iccid: keys[2].iccid.description)
        _ = try await ResolveSession(settings: scene.settings, clock: scene.clock, person: "ann on desk").resolve(
            keys[2].eid, keys[2].iccid, as: "NOT_DOWNLOADED", force: true)
    }

    @Test("nothing is done that is not in the plan: neither to other devices, nor to those of the plan later on")
    func nothingElse() async throws {
        try await withDisabledFleet(8) { scene in
            // The plan knows five of the eight.
            let saved = try await scene.savedPlan(try Fleets.yaml(5, rollout: Self.rollout))
            let report = try await scene.apply(.savedPlan(saved))
            #expect(report.ending == .settled && report.converged == 5 && report.moved.isEmpty)
            #expect(await scene.simulator.counts.acceptedDevices["enable"] == 5)
            let outlook = try await SavedPlanSession(settings: scene.settings).outlook(of: saved, retryFailed: false)
            #expect(outlook.rest.isConverged && outlook.done == 5 && outlook.moved.isEmpty)

            // Drift of what the plan has done is for another plan.
            let key = try Fleets.key(1)
            _ = try await ResolveSession(settings: scene.settings, clock: scene.clock, person: "ann").resolve(
                key.eid, nil, as: "DISABLE", force: true)
            let calls = await scene.simulator.counts.acceptedRequests
            let again = try await scene.apply(.savedPlan(saved))
            #expect(again.moved.map(\.key) == [key])
            #expect(again.moved.first?.explanation.contains("This plan had asked for enable") == true)
            #expect(await scene.simulator.counts.acceptedRequests == calls)
        }
    }

    @Test("a plan that was begun goes on in later runs, and its own doings make none of its devices moved")
    func goesOn() async throws {
        var options = Harness.quickCarrier
        options.failureRate = 0.4
        options.warningRate = 0.4
        options.warningDelay = 0.05
        let yaml = try Fleets.yaml(30, rollout: "rollout: {waves: [10%, 50%], batchSize: 4, requestsPerSecond: 1000}")
        try await RunScene.with(try await inventory(yaml), options) { scene in
            let saved = try await scene.savedPlan(yaml)
            for run in 1...4 {
                // The first ones do not wait, as if they had died.
                let report = try await scene.apply(.savedPlan(saved), waits: run > 2)
                #expect(report.moved.isEmpty, "run \(run)")
                #expect(run > 2 || report.waves.first?.count == 3, "the waves of the plan")
                if run > 2 { #expect(report.ending == .settled && report.exceptions.isEmpty, "run \(run)") }
                if run == 4 { #expect(report.total == 0 && report.requests == 0) }
            }
            #expect(await scene.simulator.counts.repeatedDownloads == 0)
            #expect(
                await scene.simulator.devices.allSatisfy { ["DOWNLOAD_ENABLE", "ENABLE"].contains($0.profileStatus) })
            let checksums = try await scene.store.read { try $0.latestRuns(limit: 50).map(\.cause.plan) }
            #expect(checksums == Array(repeating: saved.checksum, count: 4))
        }
    }

    @Test("the enabling that a warned download leaves to be done belongs to the plan")
    func enableAfterWarning() async throws {
        var options = Harness.quickCarrier
        options.warningRate = 1
        options.warningDelay = 3600
        let yaml = try Fleets.yaml(3, rollout: Self.rollout)
        var policy = Harness.quickPolicy
        policy.enableAfter = .milliseconds(200)
        try await RunScene.with(try await inventory(yaml), options, policy: policy) { scene in
            let report = try await scene.apply(.savedPlan(try await scene.savedPlan(yaml)))
            #expect(report.ending == .settled && report.moved.isEmpty)
            let calls = await scene.simulator.counts.acceptedDevices
            #expect(calls["download_enable"] == 3 && (calls["enable"] ?? 0) >= 3, "\(calls), \(report.ending)")
        }
    }

    @Test("devices that were never seen and turn out to hold a profile get nothing that was not reviewed")
    func foundOtherwise() async throws {
        let yaml = try Fleets.yaml(4, rollout: Self.rollout)
        var inventory = try await inventory(yaml)
        inventory[0].profileStatus = "DISABLE"
        inventory[1].profileStatus = "ENABLE"
        try await RunScene.with(inventory) { scene in
            let report = try await scene.apply(.savedPlan(try await scene.savedPlan(yaml)))
            #expect(report.moved.map(\.key) == [try Fleets.key(0)])
            #expect(report.moved[0].explanation.contains("never seen in the plan, and is downloadedDisabled"))
            #expect(report.converged == 3)
            #expect(await scene.simulator.counts.acceptedDevices == ["download_enable": 2])
        }
    }

    @Test("a change that was too large when it was planned is refused, and a small one in a large set is not")
    func largeChange() async throws {
        try await withDisabledFleet(20) { scene in
            let large = try await scene.savedPlan(try Fleets.yaml(20))
            await #expect(throws: TooLargeChange.self) { try await scene.apply(.savedPlan(large)) }
            let first = "iccid: \"\(try Fleets.iccid(3))\""
            let yaml = try Fleets.yaml(20, state: "downloaded-disabled").replacing(
                first, with: first + ", state: downloaded-enabled")
            let small = try await scene.savedPlan(yaml)
            #expect(small.plan.actions.count == 1)
            #expect(try await scene.apply(.savedPlan(small)).converged == 1)
            let report = try await scene.apply(.savedPlan(large), allowsLargeChange: true)
            #expect(try report.converged == 19 && report.moved.map(\.key) == [Fleets.key(3)])
        }
    }
}
