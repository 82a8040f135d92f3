import Foundation
import Testing

@testable import Reconciler

@Suite("Reading how a change is let out")
struct RolloutPolicyTests {
    private func load(_ rollout: String, labels: [String] = ["site: lab"]) async throws -> LoadedManifest {
        var yaml = try Fleets.yaml(0, rollout: rollout)
        for (number, label) in labels.enumerated() {
            yaml += "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number)), labels: {\(label)}}\n"
        }
        return await ManifestTests.load(yaml)
    }

    private func windows(_ text: String) async throws -> [MaintenanceWindow] {
        let loaded = try await load("rollout: {windows: \(text)}")
        #expect(loaded.complaints.isEmpty, "\(loaded.complaints.map(\.text))")
        return try #require(loaded.fleet.sets.first?.rollout.windows).windows
    }

    @Test("windows have days, times and a zone, each with a default")
    func windows() async throws {
        let read = try await windows(
            """
            [{days: [mon-wed, sun], from: "22:00", to: "04:00", timeZone: America/Phoenix}, {days: [fri-mon]},
            {from: 00:00, to: 06:30}]
            """)
        #expect(
            read.map(\.days) == [
                [.mon, .tue, .wed, .sun], [.fri, .sat, .sun, .mon], Set(MaintenanceWindow.Weekday.allCases),
            ])
        #expect(read.map(\.from) == [22 * 60, 0, 0] && read.map(\.to) == [28 * 60, 24 * 60, 6 * 60 + 30])
        #expect(read.map(\.timeZone) == [try #require(TimeZone(identifier: "America/Phoenix")), .gmt, .gmt])
        #expect(try await windows("[{from: 22:00, to: 00:00}]").map(\.to) == [24 * 60])
        #expect(try await load("rollout: {}").fleet.sets.first?.rollout.windows == nil)
    }

    @Test("a slip in a window is told with its place, what was expected, and the word that was meant")
    func slips() async throws {
        let cases: [(String, Int, String)] = [
            ("[{days: [Monday]}]", 28, "did you mean `mon`?"),
            ("[{days: [mon-friday]}]", 28, "did you mean `mon-fri`?"),
            ("[{dais: [mon], from: 22:00, to: 23:00}]", 21, "did you mean `days`?"),
            ("[{days: [mon], timeZone: America/Phenix}]", 44, "did you mean `America/Phoenix`?"),
            ("[{days: [mon], timeZone: europe/berlin}]", 44, "did you mean `Europe/Berlin`?"),
            ("[{from: 22:00, to: 22:00}]", 38, "a whole day is from \"00:00\" to \"24:00\""),
            ("[]", 19, "leave `windows` out if devices may be changed at any time"),
        ]
        for (text, column, hint) in cases {
            let loaded = try await load("rollout: {windows: \(text)}")
            let complaint = try #require(loaded.complaints.first, "\(text)")
            #expect(loaded.complaints.count == 1 && complaint.severity == .error)
            #expect(complaint.place?.line == 8 && complaint.place?.column == column + 1, "\(complaint.text)")
            #expect(complaint.hint == hint, "\(complaint.text)")
            #expect(complaint.path.hasPrefix("rollout.windows"))
        }
    }

    @Test("waves go by labels, shares and numbers, in their order")
    func waves() async throws {
        let loaded = try await load(
            "rollout: {waves: [{labels: {site: lab}}, 5, {labels: {site: lab, floor: 2}}, 10%, 100%]}",
            labels: ["site: lab", "site: lab, floor: 2"])
        #expect(loaded.complaints.isEmpty, "\(loaded.complaints.map(\.text))")
        #expect(
            loaded.fleet.sets.first?.rollout.waves == [
                .labels(["site": "lab"]), .upTo(.devices(5)), .labels(["site": "lab", "floor": "2"]),
                .upTo(.percent(10)), .upTo(.percent(100)),
            ])
    }

    @Test("a wave whose labels no device has is an error with the label that was probably meant")
    func labelsOfNobody() async throws {
        let cases: [(String, String)] = [
            ("{site: labb}", "did you mean `lab`?"), ("{sit: lab}", "did you mean `site`?"),
            ("{site: elsewhere}", "a first wave of nobody stops nothing"),
            ("{site: lab, region: east}", "a first wave of nobody stops nothing"),
        ]
        for (labels, hint) in cases {
            let loaded = try await load(
                "rollout: {waves: [{labels: {site: lab}}, {labels: \(labels)}]}",
                labels: ["site: lab, region: west", "site: phoenix, region: east"])
            #expect(loaded.errorCount == 1 && loaded.warningCount == 0)
            let complaint = try #require(loaded.complaints.first)
            #expect(complaint.severity == .error && complaint.path == "rollout.waves[1]")
            #expect(
                complaint.place?.line == 8 && complaint.place?.column == 42 && complaint.hint == hint,
                "\(complaint.text)")
        }
        // Labels of the set and of its defaults are labels of its devices.
        let yaml = try Fleets.yaml(2, rollout: "rollout: {waves: [{labels: {site: lab}}]}")
        #expect(await ManifestTests.load(yaml).errorCount == 1)
        let labelled = yaml.replacing("metadata: {name: fleet}", with: "metadata: {name: fleet, labels: {site: lab}}")
        #expect(await ManifestTests.load(labelled).complaints.isEmpty)
    }

    @Test("a first wave whose failures stop nothing is warned of (F27)")
    func firstWave() async throws {
        let cases: [(policy: String, devices: Int, isWarned: Bool)] = [
            ("waves: [10%, 100%], abortWhen: {failed: 5%, atLeast: 20}", 60, true),
            ("waves: [10%, 100%], abortWhen: {failed: 5%, atLeast: 6}", 60, false),
            ("waves: [10%, 100%], abortWhen: {failed: 5%, atLeast: 1}", 4, false),
            ("waves: [3, 100%], abortWhen: {failed: 3}", 10, true),
            ("waves: [4, 100%], abortWhen: {failed: 3}", 10, false),
            ("waves: [{labels: {site: lab}}, 100%], abortWhen: {failed: 5%, atLeast: 3}", 8, true),
            ("waves: [{labels: {site: lab}}, 100%], abortWhen: {failed: 5%, atLeast: 2}", 8, false),
            // Nothing follows the only wave, and without a rule nothing is stopped.
            ("abortWhen: {failed: 5%, atLeast: 20}", 4, false), ("waves: [10%, 100%]", 60, false),
        ]
        for (policy, devices, isWarned) in cases {
            let labels = (0..<devices).map { $0 < 2 ? "site: lab" : "site: field" }
            let loaded = try await load("rollout: {\(policy)}", labels: labels)
            #expect(loaded.errorCount == 0 && loaded.warningCount == (isWarned ? 1 : 0), "\(policy)")
            guard isWarned else { continue }
            let complaint = try #require(loaded.complaints.first)
            #expect(complaint.path == "rollout.abortWhen" && complaint.place?.line == 8, "\(complaint.text)")
            #expect(complaint.hint?.contains("atLeast: 1") == true)
        }
    }

    @Test("a slip in the key of a wave that goes by labels is told with the key that was meant")
    func keyOfLabels() async throws {
        let loaded = try await load("rollout: {waves: [{lables: {site: lab}}, 10%]}")
        #expect(loaded.complaints.map(\.hint) == ["did you mean `labels`?"])
        #expect(loaded.complaints.first?.place?.column == 20)
    }

    @Test("the example is let out as it says: the workshop's vans first, at night and on Saturdays")
    func example() async throws {
        let loaded = await ManifestLoader().load([Repository.path + "/examples/rollout"])
        #expect(loaded.complaints.isEmpty, "\(loaded.complaints.map(\.text))")
        let vans = try #require(loaded.fleet.sets.first { $0.name == "vans-detroit" })
        let windows = try #require(vans.rollout.windows)
        // Detroit is 5 hours behind UTC in winter; 2026-11-27 is a Friday.
        for (time, isOpen) in [
            ("2026-11-27T02:59:59Z", false), ("2026-11-27T03:00:00Z", true), ("2026-11-27T08:59:59Z", true),
            ("2026-11-27T09:00:00Z", false), ("2026-11-28T03:00:00Z", false), ("2026-11-28T05:00:00Z", true),
            ("2026-11-29T04:59:59Z", true), ("2026-11-29T05:00:00Z", false), ("2026-11-30T03:00:00Z", true),
        ] {
            #expect(windows.isOpen(at: try Timestamp(written: time)) == isOpen, "\(time)")
        }
        let plan = Planner(now: try Timestamp(written: "2026-11-27T03:00:00Z")).plan(
            desired: loaded.fleet, known: KnownFleet())
        let gate = RolloutGate(plan, rollouts: [], pauses: [])
        let first = Dictionary(grouping: gate.positions.map { plan.actions.device(at: $0) }) {
            loaded.fleet.profileSet(of: $0).name
        }
        #expect(first.mapValues(\.count) == ["vans-detroit": 2, "cars-my27": 4])
        #expect(first["vans-detroit"]?.allSatisfy { loaded.fleet.labels(of: $0)["depot"] == "workshop" } == true)
        #expect(first["cars-my27"]?.allSatisfy { loaded.fleet.labels(of: $0)["fleet"] == "pilot" } == true)
    }
}
