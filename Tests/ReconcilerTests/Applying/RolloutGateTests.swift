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
        // Whether the waves before were written down or not.
        for limit in [0, 40] {
            let known = KnownFleet(records, rollouts: [record(limit)], releases: releases)
            #expect(gate(fleet, known).1.positions.count == 4, "\(limit)")
        }
    }

    @Test("what moves away after its wave has landed waits for its turn, and further attempts at it do not")
    func drift() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(20, rollout: "rollout: {waves: [2, 100%]}"))
        let keys = fleet.devices.map(\.key)
        let (landed, other) = (keys[0], keys[1])
        func positions(_ operation: Reconciler.Operation.Phase?, limit: Int) -> [DeviceKey] {
            var drifted = device(landed, .downloadedDisabled, operation: operation)
            drifted.reached = .downloadedEnabled
            // The wave waits for this one.
            let underWay = device(other, .notDownloaded, operation: .submitted(RequestID("r"), deadline: now))
            let known = KnownFleet(
                [drifted, underWay], rollouts: [record(limit)], releases: [landed: number, other: number])
            let (plan, gate) = gate(fleet, known)
            #expect(plan.rollouts[0].changedAgain == (operation == nil ? 1 : 0))
            return gate.positions.map { plan.actions[$0].key }
        }
        #expect(positions(nil, limit: 2) == [])
        let failure = OperationFailure(code: "x", carrierText: nil, explanation: "Busy.", remedy: .retry)
        #expect(positions(.failed(failure, retryAt: now), limit: 2) == [landed])
    }

    @Test("a wave that goes by labels takes whole cards, also when only one of their profiles has the labels")
    func labelledCards() async throws {
        var yaml = try Fleets.yaml(0, rollout: "rollout: {waves: [{labels: {site: lab}}, 50%]}")
        var records: [DeviceRecord] = []
        for card in 0..<20 {
            let (old, new) = (try Fleets.iccid(card), try Fleets.iccid(1000 - card))
            // The old profile of some has the label, the new one of others; of some the old one is off already.
            let labels = ["{site: lab}", "{}", "{}", "{site: phoenix}"]
            let oldState = card % 8 < 4 ? ProfileState.downloadedEnabled : .downloadedDisabled
            yaml += "  - {eid: \(try Fleets.eid(card)), iccid: \(old), state: downloaded-disabled, "
            yaml += "labels: \(labels[card % 4])}\n"
            yaml += "  - {eid: \(try Fleets.eid(card)), iccid: \(new), labels: \(labels[(card + 1) % 4])}\n"
            records.append(device(DeviceKey(eid: try Fleets.eid(card), iccid: old), oldState))
            records.append(device(DeviceKey(eid: try Fleets.eid(card), iccid: new), .downloadedDisabled))
        }
        let (plan, gate) = gate(try await Fleets.fleet(yaml), KnownFleet(records, rollouts: [record()]))
        #expect(gate.steps[0].wave.labels == ["site": "lab"])
        let chosen = Set(gate.positions.map { plan.actions[$0].key.eid })
        let expected = Set(try (0..<20).filter { $0 % 4 == 0 || $0 % 4 == 3 }.map { try Fleets.eid($0) })
        #expect(chosen == expected)
        #expect(gate.positions.count == plan.actions.count { expected.contains($0.key.eid) })
        #expect(gate.steps[0].wave.limit == gate.positions.count)
    }

    @Test("what a roll-out has switched off is not left without its other profile when the wave is full")
    func halfWay() async throws {
        func fleet(_ label: String) async throws -> DesiredFleet {
            var yaml = try Fleets.yaml(0, rollout: "rollout: {waves: [{labels: {site: lab}}, 2, 100%]}")
            for card in 0..<6 {
                let site = card == 0 ? label : "phoenix"
                let device = "eid: \(try Fleets.eid(card)), labels: {site: \(site)}"
                yaml += "  - {\(device), iccid: \(try Fleets.iccid(card)), state: downloaded-disabled}\n"
                yaml += "  - {\(device), iccid: \(try Fleets.iccid(1000 - card))}\n"
            }
            return try await Fleets.fleet(yaml, hasWavesOfNobody: true)
        }
        let off = DeviceKey(eid: try Fleets.eid(0), iccid: try Fleets.iccid(0))
        let on = DeviceKey(eid: try Fleets.eid(0), iccid: try Fleets.iccid(1000))
        let records = try await fleet("lab").devices.map { desired in
            var record = device(
                desired.key,
                desired.key == off || desired.state == .downloadedEnabled ? .downloadedDisabled : .downloadedEnabled)
            if desired.key == off { record.reached = .downloadedDisabled }
            return record
        }
        var begun = record(2)
        begun.waveLabels = ["site": "lab"]
        for label in ["lab", "elsewhere"] {
            let known = KnownFleet(records, rollouts: [begun], releases: [off: number])
            let (plan, gate) = gate(try await fleet(label), known)
            #expect(gate.positions.map { plan.actions[$0].key } == [on], "\(label)")
            #expect(gate.steps[0].wave.labels == ["site": "lab"] && plan.rollouts[0].toFinish == 1)
        }
        // Nor does a run overtake it that is about another card.
        let part = try await fleet("elsewhere").selecting([try DeviceSelector("\(try Fleets.eid(3))")], excluding: [])
        let (_, partGate) = self.gate(part, KnownFleet(records, rollouts: [begun], releases: [off: number]))
        #expect(partGate.positions.isEmpty && partGate.heldUp.count == 1, "\(partGate.heldUp)")
        // The other profile was let out before and is to change once more: that is another change.
        let known = KnownFleet(
            records.map { record in
                var record = record
                if record.key == on { record.reached = .downloadedDisabled }
                return record
            }, rollouts: [begun], releases: [off: number, on: number])
        let (plan, _) = gate(try await fleet("elsewhere"), known)
        #expect(plan.rollouts[0].toFinish == 0)
    }

    @Test("outside its windows nothing of a set may leave, in flight or not, and other sets go on")
    func windows() async throws {
        let closed = "rollout: {windows: [{days: [mon], from: 22:00, to: 23:00}]}"
        let yaml =
            try Fleets.yaml(4, name: "closed", rollout: closed) + "---\n"
            + Fleets.yaml(8, name: "open").replacing("00000000", with: "00000010")
        let loaded = await ManifestTests.load(yaml)
        try #require(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
        let failure = OperationFailure(code: "x", carrierText: nil, explanation: "Busy.", remedy: .retry)
        let key = try Fleets.key(0)
        let record = device(key, .downloadedDisabled, operation: .failed(failure, retryAt: now))
        let known = KnownFleet([record])
        for (time, open) in [("2026-11-23T21:59:59Z", false), ("2026-11-23T22:00:00Z", true)] {
            let at = try Timestamp(written: time)
            let plan = Planner(now: at).plan(desired: loaded.fleet, known: known)
            #expect(plan.actions.count == 12)
            let gate = RolloutGate(plan, rollouts: [], pauses: [])
            #expect(gate.positions.count == (open ? 12 : 8))
            #expect(gate.positionsOutsideWindows.count == (open ? 0 : 4))
            #expect(gate.closedWindows.map(\.profileSet) == (open ? [] : ["closed"]))
            #expect(plan.closedWindows == gate.closedWindows)
            #expect(plan.windows.map(\.isOpen) == [open])
            let ignoring = RolloutGate(plan, rollouts: [], pauses: [], ignoresWindows: true)
            #expect(ignoring.positions.count == 12 && ignoring.closedWindows.isEmpty)
            #expect(ignoring.releases.allSatisfy { $0.windows == nil })
        }
        let pause = Pause(scope: .everything, by: "ann", reason: "", at: now)
        let plan = Planner(now: try Timestamp(written: "2026-11-23T12:00:00Z")).plan(
            desired: loaded.fleet, known: known)
        let paused = RolloutGate(plan, rollouts: [], pauses: [pause])
        #expect(paused.positions.isEmpty && paused.positionsOutsideWindows.isEmpty && !paused.mayLookUp(set: 0))
        #expect(RolloutGate(plan, rollouts: [], pauses: []).mayLookUp(set: 0))
    }
}
