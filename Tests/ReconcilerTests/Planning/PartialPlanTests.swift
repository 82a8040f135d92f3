import Foundation
import Testing

@testable import Reconciler

@Suite("Planning a part of a fleet")
struct PartialPlanTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func record(_ number: Int, _ state: ProfileState?, service: ServiceState = .active) throws -> DeviceRecord {
        DeviceRecord(
            key: try Fleets.key(number), account: Fleets.account,
            observation: state.map { ProfileObservation(state: $0, profileStatus: nil, at: now, source: .callback) },
            service: service, version: 3)
    }

    /// Devices whose label `site` is their number modulo 4.
    private func fleet(_ count: Int, rollout: String = "") async throws -> DesiredFleet {
        var yaml = try Fleets.yaml(0, rollout: rollout)
        for number in 0..<count {
            yaml += "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number)), "
            yaml += "labels: {site: s\(number % 4)}}\n"
        }
        return try await Fleets.fleet(yaml)
    }

    private func part(_ fleet: DesiredFleet) throws -> DesiredFleet {
        try fleet.selecting([try DeviceSelector("label:site=s1")], excluding: [])
    }

    @Test("devices that are not selected are no part of the plan, and are not unmanaged either")
    func unmanaged() async throws {
        let plan = Planner(now: now).plan(
            desired: try part(try await fleet(8)),
            known: KnownFleet([
                try record(0, .downloadedDisabled), try record(1, .downloadedEnabled), try record(99, nil),
            ]))
        #expect(plan.actions.map(\.key) == [try Fleets.key(5)])
        #expect(plan.unmanaged.map { $0 } == [try Fleets.key(99)])
        #expect(plan.desiredCount == 2 && plan.convergedCount == 1)
    }

    @Test("plans as JSON and in files say which part of the fleet they are about")
    func told() async throws {
        let folder = try TemporaryFolder()
        let whole = try await fleet(8)
        func written(_ desired: DesiredFleet) throws -> [JSONValue] {
            let plan = Planner(now: now).plan(desired: desired, known: KnownFleet([]))
            var json: [UInt8] = []
            PlanJSON(plan).write { json += $0 }
            try PlanFile.write(plan, to: folder.path + "/a.plan", toolVersion: "1")
            let text = try String(contentsOfFile: folder.path + "/a.plan", encoding: .utf8)
            let header = try #require(text.split(separator: "\n").first)
            return try [JSONValue(json: json), JSONValue(json: Array(header.utf8))]
        }
        for document in try written(try part(whole)) {
            let selection = try #require(document["summary"]?["selection"])
            #expect(selection["targets"]?.elements.map(\.text) == ["label:site=s1"])
            #expect(selection["devices"]?.text == "2" && selection["fleetDevices"]?.text == "8")
            #expect(document["summary"]?["devices"]?.text == "2")
        }
        #expect(try written(whole).allSatisfy { $0["summary"]?["selection"] == nil })
    }

    @Test("a saved plan says in every form which part of the fleet it is about, as it did when it was made")
    func saved() async throws {
        let folder = try TemporaryFolder()
        let part = try await fleet(8).selecting(
            try ["label:site=s1", "label:site=s2"].map { try DeviceSelector($0) },
            excluding: [try DeviceSelector("\(try Fleets.eid(2))")])
        let plan = Planner(now: now).plan(desired: part, known: KnownFleet([]))
        try PlanFile.write(plan, to: folder.path + "/a.plan", toolVersion: "1")
        let saved = try PlanFile.read(folder.path + "/a.plan").plan
        #expect(saved.part == plan.part && saved.part?.count == 3 && saved.part?.fleetCount == 8)
        #expect(PlanJSON(saved).text == PlanJSON(plan).text)
        #expect(PlanMarkdown(saved, toolVersion: "1").text() == PlanMarkdown(plan, toolVersion: "1").text())
        #expect(PlanPage(saved, toolVersion: "1").text == PlanPage(plan, toolVersion: "1").text)
        let sentence = "3 of 8 devices selected by --target label:site=s1 --target label:site=s2 --exclude"
        #expect(PlanHeadline(saved, saved.actions.summary()).partial.first?.hasPrefix(sentence) == true)
        // What nobody can read is no plan, rather than one of the whole fleet.
        let text = try String(contentsOfFile: folder.path + "/a.plan", encoding: .utf8)
        let header = try JSONValue(json: Array(try #require(text.split(separator: "\n").first).utf8))
        #expect(SavedPlanBuilder(header: header) != nil)
        for (old, new) in [
            ("label:site=s1", "site=s1"), ("\"fleetDevices\"", "\"fleet\""), ("\"addedWithCard\"", "\"added\""),
        ] {
            let other = String(decoding: header.canonicalBytes, as: UTF8.self).replacing(old, with: new)
            #expect(SavedPlanBuilder(header: try JSONValue(json: Array(other.utf8))) == nil, "\(old)")
        }
    }

    @Test("maxChange is a share of the whole set: the selected changes against all that is there")
    func largeChange() async throws {
        let whole = try await fleet(40)
        let known = KnownFleet(try (0..<40).map { try record($0, .downloadedDisabled) })
        #expect(Planner(now: now).plan(desired: whole, known: known).largeChanges.first?.changes == 40)
        #expect(
            Planner(now: now).plan(desired: try part(whole), known: known).largeChanges.isEmpty, "10 of 40 are 25 %")
        let narrow = try part(try await fleet(40, rollout: "rollout: {maxChange: 20%}"))
        let large = try #require(Planner(now: now).plan(desired: narrow, known: known).largeChanges.first)
        #expect(large.changes == 10 && large.present == 40)
    }

    @Test("a partial plan is the whole plan without the rest, with the waves of the whole set", arguments: 1...20)
    func randomParts(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let whole = try await fleet(60)
        let records = try (0..<70).filter { _ in Bool.random(using: &random) }.map { number in
            try record(
                number, ProfileState.allCases.randomElement(using: &random),
                service: [.active, .active, .suspended].randomElement(using: &random) ?? .active)
        }
        let part = try part(whole)
        let selected = Set(
            whole.devices.indices.filter { part.selection?.contains($0) ?? false }.map { whole.devices[$0].key })
        let all = Planner(now: now).plan(desired: whole, known: KnownFleet(records))
        let some = Planner(now: now).plan(desired: part, known: KnownFleet(records))
        #expect(Array(some.actions) == all.actions.filter { selected.contains($0.key) }, "seed \(seed)")
        #expect(Array(some.exceptions) == all.exceptions.filter { selected.contains($0.key) }, "seed \(seed)")
        #expect(some.unmanaged == all.unmanaged, "seed \(seed)")
        #expect(some.rollouts == all.rollouts, "seed \(seed)")
        #expect(some.convergedCount + some.actions.count + some.exceptions.count == some.desiredCount, "seed \(seed)")
        #expect(some.ownRollouts[0].pending == some.actions.count, "seed \(seed)")
        #expect(some.desiredCount == 15)
    }

    @Test("of a wave that counts the whole set the selected devices are let out, no more than the wave has room for")
    func waves() async throws {
        let policy = "rollout: {waves: [10%, 100%]}"
        let plan = Planner(now: now).plan(
            desired: try part(try await fleet(80, rollout: policy)), known: KnownFleet([]))
        let gate = RolloutGate(plan, rollouts: [], pauses: [])
        #expect(plan.actions.count == 20)
        #expect(gate.positions.count == 8, "10 % of 80")
        #expect(gate.heldUp.isEmpty)
    }

    @Test("a wave that others of the set hold up is said to be held up, and nothing of it is let out")
    func heldUp() async throws {
        let whole = try await fleet(40, rollout: "rollout: {waves: [4, 100%]}")
        let number = RolloutNumber(7)
        var records = try (0..<4).map { try record($0 * 4, .notDownloaded) }
        for index in records.indices {
            records[index].operation = Operation(
                id: OperationID(Int64(index)), key: records[index].key, action: .downloadEnable,
                account: Fleets.account,
                smsr: Fleets.smsr, attempt: 1, request: RequestNumber(1), intendedAt: now,
                phase: .submitted(RequestID("r"), deadline: now + .seconds(60)))
        }
        let name = whole.sets[0].name
        var rollout = RolloutRecord(number: number, profileSet: name, startedAt: now)
        rollout.waveLimit = 4
        let releases = Dictionary(records.map { ($0.key, number) }) { $1 }
        let known = KnownFleet(records, rollouts: [rollout], releases: releases)
        let gate = RolloutGate(
            Planner(now: now).plan(desired: try part(whole), known: known), rollouts: [rollout], pauses: [])
        #expect(gate.positions.isEmpty)
        #expect(gate.heldUp.count == 1 && gate.heldUp[0].contains("4 of the devices of profile set \(name)"))
        let wholeGate = RolloutGate(
            Planner(now: now).plan(desired: whole, known: known), rollouts: [rollout], pauses: [])
        #expect(wholeGate.positions.isEmpty && wholeGate.heldUp.isEmpty, "a whole run waits for them itself")
    }
}
