import Testing

@testable import Reconciler

@Suite("One roll-out after the other")
struct RolloutSuccessionTests {
    private static let rollout = "rollout: {waves: [10%, 100%], requestsPerSecond: 1000, maxChange: 100%}"

    private func fleet(_ count: Int, disabled: Int = 0) async throws -> DesiredFleet {
        let off = try Fleets.yaml(disabled, state: "downloaded-disabled", rollout: Self.rollout)
        let rest = try Fleets.yaml(count - disabled, rollout: Self.rollout, from: disabled).split(separator: "\n")
        let devices = rest.filter { $0.hasPrefix("  - ") }.map {
            $0.replacing("}", with: ", state: downloaded-enabled}")
        }
        return try await Fleets.fleet(off + devices.joined(separator: "\n"))
    }

    /// A scene whose roll-out of 20 devices is over, with nobody having looked since.
    private func withUnendedRollout(
        carrierHas count: Int = 20, _ work: @escaping @Sendable (RunScene, DesiredFleet) async throws -> Void
    ) async throws {
        let fleet = try await fleet(20)
        try await RunScene.with(Harness.inventory(try await self.fleet(count))) { scene in
            for _ in 1...2 {
                #expect(try await scene.apply(.fleet(fleet), waits: false).ending == .asked)
                try await scene.untilLanded()
            }
            let open = try await scene.store.read { try $0.openRollouts() }
            try #require(open.map(\.waveLimit) == [20], "both waves are out, and nobody has seen the second one land")
            try await work(scene, fleet)
        }
    }

    @Test(
        "what is changed after a roll-out is over begins with its own first wave, although nobody has ended that one",
        arguments: [(20, 2), (10, 1)])
    func anotherChange(changed: Int, firstWave: Int) async throws {
        try await withUnendedRollout { scene, _ in
            let other = try await fleet(20, disabled: changed)
            #expect(try await scene.apply(.fleet(other), waits: false).ending == .asked)
            #expect(await scene.simulator.counts.acceptedDevices["disable"] == firstWave)
            #expect(try await scene.apply(.fleet(other)).ending == .settled)
            #expect(await scene.simulator.counts.acceptedDevices["disable"] == changed)
            #expect(try await scene.store.read { try $0.openRollouts() }.isEmpty)
        }
    }

    @Test("what moves away after a roll-out is over is taken back in waves, although nobody has ended that one")
    func drift() async throws {
        try await withUnendedRollout { scene, fleet in
            for device in fleet.devices.prefix(7) {
                await scene.simulator.set(profileStatus: "DISABLE", iccid: "\(device.key.iccid)")
            }
            try await scene.refresh(fleet)
            #expect(try await scene.apply(.fleet(fleet), waits: false).ending == .asked)
            #expect(await scene.simulator.counts.acceptedDevices["enable"] == 1, "10 % of 7")
            #expect(try await scene.apply(.fleet(fleet)).ending == .settled)
            #expect(await scene.simulator.counts.acceptedDevices["enable"] == 7)
        }
    }

    @Test("a roll-out that is over ends when a run finds nothing to do, so that more devices go through the waves")
    func growth() async throws {
        try await withUnendedRollout(carrierHas: 40) { scene, fleet in
            try await FinishedRollouts(settings: scene.settings).end(of: try await self.fleet(40))
            #expect(try await scene.store.read { try $0.openRollouts() }.count == 1, "something is left to do")
            try await FinishedRollouts(settings: scene.settings).end(of: fleet)
            #expect(try await scene.store.read { try $0.openRollouts() }.isEmpty)
            let more = try await self.fleet(40)
            #expect(try await scene.apply(.fleet(more), waits: false).ending == .asked)
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == 22, "10 % of 20 more")
        }
    }

    @Test("a saved plan of a part of a change does not end the roll-out of the whole")
    func partOfAChange() async throws {
        let fleet = try await fleet(20)
        try await RunScene.with(Harness.inventory(fleet)) { scene in
            #expect(try await scene.apply(.fleet(fleet), waits: false).ending == .asked)
            try await scene.untilLanded()
            let open = try await scene.store.read { try $0.openRollouts() }
            let out = try await scene.store.read { try $0.knownFleet() }.devices.filter { $0.reached != nil }.map(\.key)
            #expect(open.count == 1 && out.count == 2)
            let other = try #require(fleet.devices.first { !out.contains($0.key) })
            let part = try fleet.selecting([try DeviceSelector("\(other.key.eid)")], excluding: [])
            let report = try await scene.apply(.savedPlan(try await scene.savedPlan(part)))
            #expect(report.ending == .settled && report.converged == 1)
            #expect(try await scene.store.read { try $0.openRollouts() }.map(\.number) == open.map(\.number))
            #expect(await scene.simulator.counts.acceptedDevices["download_enable"] == 3)
        }
    }
}
