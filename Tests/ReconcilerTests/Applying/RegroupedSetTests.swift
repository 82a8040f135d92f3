import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Runs over sets that were renamed or split (F65)")
struct RegroupedSetTests {
    private static func yaml(_ names: [String], rollout: String) throws -> String {
        let size = 12 / names.count
        return try names.enumerated().map { number, name in
            try Fleets.yaml(size, name: name, rollout: "rollout: {\(rollout)}", from: number * size)
        }.joined(separator: "---\n")
    }

    @Test("a paused set stays paused under every other name")
    func paused() async throws {
        let rollout = "waves: [2, 100%], requestsPerSecond: 1000"
        let before = try await Fleets.fleet(try Self.yaml(["meters"], rollout: rollout))
        try await RunScene.with(Harness.inventory(before)) { scene in
            let session = PauseSession(store: scene.store, clock: scene.clock)
            #expect(try await scene.apply(.fleet(before), waits: false).ending == .asked)
            try await scene.untilLanded()
            let sent = await scene.simulator.counts.acceptedDevices["download_enable"]
            #expect(sent == 2)
            try await session.pause("meters", reason: "outage", by: "ann")
            for names in [["meters-2"], ["left", "right"], ["meters-3"]] {
                let after = try await Fleets.fleet(try Self.yaml(names, rollout: rollout))
                let report = try await scene.apply(.fleet(after), waits: false)
                #expect(report.ending == .timedOut && report.pause?.reason == "outage", "\(names): \(report.ending)")
                let saved = try await scene.savedPlan(after)
                #expect(try await scene.apply(.savedPlan(saved), waits: false).pause?.by == "ann")
                #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == sent)
            }
            _ = try await session.resume(.profileSet("meters"), by: "ann")
            let last = try await Fleets.fleet(try Self.yaml(["meters-3"], rollout: rollout))
            #expect(try await scene.apply(.fleet(last)).ending == .settled)
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == 12)
        }
    }

    @Test("a rollout that failures stopped stays stopped under every other name")
    func aborted() async throws {
        let rollout = "waves: [4, 100%], abortWhen: {failed: 40%, atLeast: 2}, requestsPerSecond: 1000"
        let before = try await Fleets.fleet(try Self.yaml(["meters"], rollout: rollout))
        var options = Harness.quickCarrier
        options.permanentFailureRate = 1
        try await RunScene.with(Harness.inventory(before), options) { scene in
            guard case .aborted = try await scene.apply(.fleet(before)).ending else {
                Issue.record("it did not stop")
                return
            }
            let sent = await scene.simulator.counts.acceptedDevices["download_enable"]
            for names in [["meters-2"], ["left", "right"]] {
                let after = try await Fleets.fleet(try Self.yaml(names, rollout: rollout))
                let report = try await scene.apply(.fleet(after))
                guard case .aborted(let reasons) = report.ending else {
                    Issue.record("\(names): \(report.ending)")
                    return
                }
                #expect(reasons.contains { $0.contains("meters, which the manifests do not name any more") })
                #expect(reasons.contains { $0.contains("`profilectl resume --set meters`") }, "\(reasons)")
                #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == sent)
                #expect(try await scene.store.read { try $0.openRollouts() }.map(\.profileSet) == ["meters"])
            }
        }
    }
}
