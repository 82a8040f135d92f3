import Foundation
import Testing

@testable import Reconciler

@Suite("What a roll-out lets out of a plan")
struct RolloutGateTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)
    private let number = RolloutNumber(3)

    private func record(_ waveLimit: Int = 0) -> RolloutRecord {
        RolloutRecord(number: number, profileSet: "fleet", startedAt: now, waveLimit: waveLimit)
    }

    private func device(_ key: DeviceKey, _ state: ProfileState, operation: Reconciler.Operation.Phase? = nil)
        -> DeviceRecord
    {
        DeviceRecord(
            key: key, account: Fleets.account,
            observation: ProfileObservation(state: state, profileStatus: nil, at: now, source: .callback),
            service: .active,
            operation: operation.map { phase in
                Reconciler.Operation(
                    id: OperationID(1), key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr,
                    attempt: 1, request: RequestNumber(1), intendedAt: now, phase: phase)
            })
    }

    private func gate(_ fleet: DesiredFleet, _ known: KnownFleet) -> (Plan, RolloutGate) {
        let plan = Planner(now: now).plan(desired: fleet, known: known)
        return (plan, RolloutGate(plan, rollouts: known.rollouts, pauses: known.pauses))
    }

    @Test("the profiles of one eUICC are let out together, the one to switch off first")
    func cards() async throws {
        var yaml = try Fleets.yaml(0, rollout: "rollout: {waves: [10%]}")
        var records: [DeviceRecord] = []
        for card in 0..<60 {
            let (old, new) = (try Fleets.iccid(card), try Fleets.iccid(1000 - card))
            yaml += "  - {eid: \(try Fleets.eid(card)), iccid: \(old), state: downloaded-disabled}\n"
            yaml += "  - {eid: \(try Fleets.eid(card)), iccid: \(new), state: downloaded-enabled}\n"
            records.append(device(DeviceKey(eid: try Fleets.eid(card), iccid: old), .downloadedEnabled))
            records.append(device(DeviceKey(eid: try Fleets.eid(card), iccid: new), .downloadedDisabled))
        }
        let (plan, gate) = gate(try await Fleets.fleet(yaml), KnownFleet(records, rollouts: [record()]))
        let cards = gate.positions.map { plan.actions[$0].key.eid }
        #expect(cards.count == 12)
        #expect(Set(cards).count == 6)
        var queue = ActionQueue(plan, positions: gate.positions)
        #expect(queue.count == 6)
        #expect(queue.next(size: 100, isStopped: { _ in false })?.action == .disable)
    }

    @Test("a device of unknown outcome holds its wave up while a lookup may tell, and counts as failed after that")
    func unresolved() async throws {
        let rollout = "rollout: {waves: [2], abortWhen: {failed: 0, atLeast: 1}}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(10, rollout: rollout))
        let keys = fleet.devices.prefix(2).map(\.key)
        func decision(_ phase: Reconciler.Operation.Phase) -> RolloutStep.Decision {
            let known = KnownFleet(
                [device(keys[0], .downloadedEnabled), device(keys[1], .notDownloaded, operation: phase)],
                rollouts: [record(2)], releases: Dictionary(uniqueKeysWithValues: keys.map { ($0, number) }))
            return gate(fleet, known).1.steps[0].decision
        }
        #expect(decision(.unresolved(reason: "time-out")) == .release(0))
        guard case .abort = decision(.unresolved(reason: "time-out", lookedUpAt: now)) else {
            Issue.record("nothing can settle it but a person")
            return
        }
    }

    @Test("another change of devices that are out goes through the waves again")
    func otherChange() async throws {
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(40, state: "downloaded-disabled", rollout: "rollout: {waves: [10%]}"))
        let records = fleet.devices.map { desired in
            var record = device(desired.key, .downloadedEnabled)
            record.reached = .downloadedEnabled
            return record
        }
        let releases = Dictionary(uniqueKeysWithValues: records.map { ($0.key, number) })
        let known = KnownFleet(records, rollouts: [record()], releases: releases)
        #expect(gate(fleet, known).1.positions.count == 4)
    }
}
