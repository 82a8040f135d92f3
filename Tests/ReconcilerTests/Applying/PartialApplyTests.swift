import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Applying a part of a fleet")
struct PartialApplyTests {
    /// Two sets; the second one belongs to an account that the carrier does not know.
    private static func yaml(_ rollout: String = "") throws -> String {
        try Fleets.yaml(8, name: "ours", rollout: rollout) + "---\n"
            + Fleets.yaml(0, name: "theirs").replacing("\(Fleets.account)", with: "0000000000-00009")
            + "  - {eid: \(try Fleets.eid(100)), iccid: \(try Fleets.iccid(100))}\n"
    }

    @Test("only the selected devices are asked for, and only their accounts and their sets matter")
    func selected() async throws {
        let whole = try await Fleets.fleet(try Self.yaml("rollout: {waves: [50%, 100%], requestsPerSecond: 1000}"))
        let part = try whole.selecting(
            try [1, 5, 7].map { try DeviceSelector("\(try Fleets.eid($0))") }, excluding: [])
        #expect(part.selectedAccounts == [Fleets.account], "nobody else's callbacks are looked at")
        let ours = try whole.selecting([try DeviceSelector("set:ours")], excluding: [])
        let known = Harness.inventory(whole).filter { $0.accountName == "\(Fleets.account)" }
        try await RunScene.with(known) { scene in
            try await PauseSession(store: scene.store, clock: scene.clock).pause(
                "theirs", reason: "", by: "ann", alsoKnown: ["theirs"])
            let report = try await scene.apply(.fleet(part))
            #expect(report.ending == .settled)
            #expect(report.total == 3 && report.converged == 3)
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == 3)
            let open = try await scene.store.read { try $0.openRollouts() }
            #expect(open.map(\.profileSet) == ["ours"], "the rest of its change is still to come")
            #expect(try await scene.apply(.fleet(ours)).ending == .settled)
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == 8)
            #expect(await scene.simulator.counts.repeatedDownloads == 0)
            #expect(try await scene.store.read { try $0.openRollouts() }.isEmpty)
        }
    }

    @Test("profiles of one eUICC are switched together although one of them is named")
    func wholeCard() async throws {
        let head = try Fleets.yaml(0)
        let (eid, first, second) = (try Fleets.eid(1), try Fleets.iccid(1), try Fleets.iccid(2))
        func fleet(_ states: [String]) async throws -> DesiredFleet {
            try await Fleets.fleet(
                head + zip([first, second], states).map { "  - {eid: \(eid), iccid: \($0), state: \($1)}\n" }.joined())
        }
        let before = try await fleet(["downloaded-enabled", "downloaded-disabled"])
        let after = try await fleet(["downloaded-disabled", "downloaded-enabled"])
            .selecting([try DeviceSelector("\(first)")], excluding: [])
        try await RunScene.with(Harness.inventory(before)) { scene in
            #expect(try await scene.apply(.fleet(before)).ending == .settled)
            let report = try await scene.apply(.fleet(after))
            #expect(report.ending == .settled && report.converged == 2)
            #expect(await scene.simulator.counts.acceptedDevices["disable"] == 1)
            #expect(await scene.simulator.counts.acceptedDevices["enable"] == 1)
        }
    }

    @Test("a run that others hold up says so and ends, with nothing more sent")
    func heldUp() async throws {
        let whole = try await Fleets.fleet(
            try Fleets.yaml(20, name: "ours", rollout: "rollout: {waves: [5, 100%], requestsPerSecond: 1000}"))
        try await RunScene.with(Harness.inventory(whole), policy: ConvergencePolicy(), callbackDelay: 60...60) {
            scene in
            func apply(_ goal: ApplyGoal, waits: Bool = false) async throws -> ApplyReport {
                try await scene.apply(goal, waits: waits, verification: .trust)
            }
            #expect(try await apply(.fleet(whole)).ending == .asked)
            let inFlight = try await scene.store.read { try $0.devicesInFlight().map(\.key) }
            #expect(inFlight.count == 5)
            let other = try #require(whole.devices.first { !inFlight.contains($0.key) })
            let part = try whole.selecting([try DeviceSelector("\(other.key.eid)")], excluding: [])
            let saved = ApplyGoal.savedPlan(try await scene.savedPlan(part))
            for (goal, waits) in [(.fleet(part), true), (.fleet(part), false), (saved, true)] as [(ApplyGoal, Bool)] {
                guard case .heldUp(let reasons) = try await apply(goal, waits: waits).ending else {
                    Issue.record("it is not held up")
                    return
                }
                #expect(reasons.count == 1 && reasons[0].contains("profile set ours"))
            }
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == 5)
        }
    }
}
