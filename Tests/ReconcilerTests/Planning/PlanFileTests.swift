import Foundation
import Testing

@testable import Reconciler

@Suite("Saved and printed plans")
struct PlanFileTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func plan(_ count: Int) async throws -> Plan {
        let labelled = try Fleets.yaml(count, imeis: true).replacing("imei:", with: "labels: {site: \"a b\"}, imei:")
        let known = try (0..<count).filter { $0 % 3 > 0 }.map { number in
            DeviceRecord(
                key: try Fleets.key(number), account: Fleets.account,
                observation: ProfileObservation(
                    state: number % 3 == 1 ? .downloadedDisabled : .unknown, profileStatus: "x", at: now,
                    source: .callback),
                reached: number % 2 == 0 ? .downloadedEnabled : nil, version: Int64(number))
        }
        return Planner(now: now).plan(desired: try await Fleets.fleet(labelled), known: KnownFleet(known))
    }

    @Test("a plan file is read back as it was written")
    func roundTrip() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.plan"
        let plan = try await plan(3000)
        try PlanFile.write(plan, to: path, toolVersion: "1.2.3")
        let saved = try PlanFile.read(path)
        #expect(Array(saved.plan.actions) == Array(plan.actions))
        #expect(plan.actions.count == 2000)
        #expect(saved.fleetDigest == plan.actions.fleet.digest)
        #expect(saved.toolVersion == "1.2.3")
        #expect(saved.plan.createdAt == now)
        #expect(saved.plan.largeChanges == plan.largeChanges && !plan.largeChanges.isEmpty)
        #expect(saved.fleet.sets.map(\.rollout) == plan.actions.fleet.sets.map(\.rollout))
        #expect(saved.fleet.devices.map(\.key) == plan.actions.map(\.key), "what is left out is not among them")
        #expect(try PlanFile.read(path).checksum == saved.checksum)
        #expect(printed(saved.plan) == printed(plan), "shown again it looks the same, in every part")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.plan"])
    }

    private func printed(_ plan: Plan) -> String {
        var text: [UInt8] = []
        PlanJSON(plan).write { text += $0 }
        return String(decoding: text, as: UTF8.self)
    }

    @Test("the roll-out policies of all sets are carried, whatever they say")
    func policies() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.plan"
        for rollout in [
            "", "rollout: {waves: [1%, 7, 50.5%], abortWhen: {failed: 5%, atLeast: 20}, maxChange: 12.5%}",
            "rollout: {batchSize: 3, maxInFlight: 7, requestsPerSecond: 0.25, abortWhen: {failed: 3}}",
        ] {
            let fleet = try await Fleets.fleet(try Fleets.yaml(3, rollout: rollout))
            try PlanFile.write(
                Planner(now: now).plan(desired: fleet, known: KnownFleet()), to: path, toolVersion: "1")
            #expect(try PlanFile.read(path).fleet.sets.map(\.rollout) == fleet.sets.map(\.rollout), "\(rollout)")
        }
    }

    @Test("a file is known for a plan by its content, not by its name")
    func recognized() async throws {
        let folder = try TemporaryFolder()
        try PlanFile.write(try await plan(4), to: folder.path + "/fleet.yaml", toolVersion: "1")
        #expect(PlanFile.isPlan(folder.path + "/fleet.yaml"))
        try folder.write("a.plan", try Fleets.yaml(2))
        for name in ["a.plan", "missing.plan", ""] { #expect(!PlanFile.isPlan(folder.path + "/" + name)) }
    }

    @Test("the digest names all that is declared, and not where it stands")
    func digest() async throws {
        let yaml = try Fleets.yaml(3, rollout: "rollout: {maxChange: 10%}", imeis: true)
        let digest = try await Fleets.fleet(yaml).digest
        #expect(try await Fleets.fleet("# a comment\n" + yaml).digest == digest)
        for (text, other) in [
            ("maxChange: 10%", "maxChange: 11%"), ("imei: \"35", "imei: \"36"), ("name: fleet", "name: other"),
            ("downloaded-enabled", "downloaded-disabled"), ("0342077109", "0342077108"), ("101.5", "101.6"),
            (", imei:", ", labels: {site: a}, imei:"),
        ] { #expect(try await Fleets.fleet(yaml.replacing(text, with: other)).digest != digest, "\(other)") }
    }

    @Test("a plan file that was edited, cut, lengthened or made by a newer version is refused")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.plan"
        try PlanFile.write(try await plan(4), to: path, toolVersion: "1.2.3")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var damaged = [
            text.replacing("enable", with: "disable"), text + "\n", text + "x", text + "{}\n", "", "{}\n", "hello\n",
        ]
        var random = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            let cut = text.utf8.index(
                text.startIndex, offsetBy: Int.random(in: 0..<(text.utf8.count - 1), using: &random))
            damaged.append(String(text[..<cut]))
        }
        for text in damaged {
            try folder.write("b.plan", text)
            #expect(throws: PlanFileError.self, "\(text)") { try PlanFile.read(folder.path + "/b.plan") }
        }
        for version in ["1", "3", "99"] {
            let other = text.replacing(
                "\"formatVersion\":\(PlanFile.formatVersion)", with: "\"formatVersion\":\(version)")
            try folder.write("b.plan", other)
            let refusal = #expect(throws: PlanFileError.self) { try PlanFile.read(folder.path + "/b.plan") }
            #expect(refusal?.description.contains("profilectl 1.2.3 in form \(version)") == true)
        }
        #expect(throws: PlanFileError.self) { try PlanFile.read(folder.path + "/missing.plan") }
        #expect(throws: PlanFileError.self) { try PlanFile.read(folder.path) }
    }

    @Test("a plan that cannot be written leaves what was there before")
    func unwritable() async throws {
        let folder = try TemporaryFolder()
        let plan = try await plan(4)
        #expect(throws: PlanFileError.self) {
            try PlanFile.write(plan, to: folder.path + "/none/a.plan", toolVersion: "1")
        }
        try FileManager.default.createDirectory(atPath: folder.path + "/b", withIntermediateDirectories: false)
        #expect(throws: PlanFileError.self) { try PlanFile.write(plan, to: folder.path + "/b", toolVersion: "1") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["b"])
    }

    @Test("the printed JSON of a plan holds every device, in pieces, and is JSON")
    func json() async throws {
        let plan = try await plan(3000)
        var text: [UInt8] = []
        var pieces = 0
        PlanJSON(plan).write { piece in
            text += piece
            pieces += 1
        }
        #expect(pieces > 5)
        let document = try JSONDecoder().decode(PlanDocument.self, from: Data(text))
        #expect(document.actions.count == 2000)
        #expect(document.actions.map(\.eid) == plan.actions.map(\.key.eid.description))
        #expect(document.exceptions.count == 1000)
        #expect(document.summary.accounts.map(\.labels) == [["site": ["a b": 2000]]])
        #expect(document.summary.actions == ["downloadEnable": 1000, "enable": 1000])
    }
}

@Suite("Roll-out policies in plan files")
struct RolloutPolicyJSONTests {
    @Test("a policy with windows and label waves comes back as it was, wherever it was declared")
    func roundTrip() async throws {
        let rollout = """
            rollout:
              waves: [{labels: {site: lab}}, 10%, 25, 100%]
              windows:
                - {days: [mon-wed, sun], from: "22:00", to: "04:00", timeZone: America/Phoenix}
                - {from: "00:00", to: "24:00"}
            """
        let yaml = try Fleets.yaml(2, rollout: rollout).replacing(
            "metadata: {name: fleet}", with: "metadata: {name: fleet, labels: {site: lab}}")
        let fleet = try await Fleets.fleet(yaml)
        let policy = fleet.sets[0].rollout
        #expect(RolloutPolicy(json: policy.json) == policy)
        let text = String(decoding: policy.json.canonicalBytes, as: UTF8.self)
        #expect(text.contains(#""waves":[{"labels":{"site":"lab"}},"10%","25","100%"]"#), "\(text)")
        #expect(text.contains(#""days":["mon","tue","wed","sun"],"from":"22:00""#), "\(text)")
        let moved = try await Fleets.fleet("\n\n" + yaml)
        #expect(moved.sets[0].rollout == policy)
    }
}
