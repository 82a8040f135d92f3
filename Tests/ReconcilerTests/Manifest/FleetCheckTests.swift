import Foundation
import Testing

@testable import Reconciler

@Suite("Checks across the fleet")
struct FleetCheckTests {
    @Test("a device in two sets is an error that names both places, in either order")
    func twoSets() async throws {
        let folder = try TemporaryFolder()
        let alpha = try folder.write("alpha.yaml", try Fleets.yaml(3, name: "alpha"))
        let beta = try folder.write("beta.yaml", try Fleets.yaml(1, name: "beta", from: 2))
        let key = try Fleets.key(2).description
        for paths in [[alpha, beta], [beta, alpha]] {
            let loaded = await ManifestLoader().load(paths)
            #expect(loaded.errorCount == 1)
            let complaint = try #require(loaded.complaints.first)
            #expect(complaint.rule == .conflict && complaint.found.contains("`alpha`"))
            #expect(complaint.found.contains("`beta`") && complaint.found.contains(key))
            #expect(Set([complaint.place?.file, complaint.related?.file]) == [alpha, beta])
        }
    }

    @Test("one IMEI on several EIDs is a warning, on the profiles of one card none")
    func imeis() async throws {
        func device(_ eid: Int, _ iccid: Int, _ state: String = "downloaded-disabled") throws -> String {
            "  - {eid: \(try Fleets.eid(eid)), iccid: \(try Fleets.iccid(iccid)), imei: 356938030001003, state: \(state)}\n"
        }
        let yaml = try Fleets.yaml(0) + device(1, 1) + device(1, 2)
        #expect(await ManifestTests.load(yaml).complaints.isEmpty)
        let loaded = try await ManifestTests.load(yaml + device(2, 3) + device(3, 4) + device(4, 5))
        #expect(loaded.errorCount == 0 && loaded.warningCount == 3, "\(loaded.complaints.map(\.text))")
        #expect(loaded.complaints.first?.found == "IMEI 356938030001003 on a second EID")
    }

    @Test("a set without devices is a warning, and an error when strict")
    func emptySets() async throws {
        let folder = try TemporaryFolder()
        try folder.write("x.csv", "eid,iccid\n")
        let head = "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: a}\n"
        for rest in ["devices: []\n", "devices:\n", "", "devicesFrom: [{csv: x.csv}]\n"] {
            let path = try folder.write("a.yaml", head + rest)
            let loaded = await ManifestLoader().load([path])
            #expect(loaded.complaints.map(\.rule) == [.emptySet], "\(rest): \(loaded.complaints.map(\.text))")
            #expect(loaded.errorCount == 0)
            #expect(await ManifestLoader(isStrict: true).load([path]).errorCount == 1)
        }
    }

    @Test(
        "what merely follows from a slip in the defaults is left out",
        arguments: [
            "defaults: {acountName: \"1\", smsrOid: 1.2, state: downloaded-enabled}",
            "defaults: {accountName: \"1\", smsrOid: x, state: downloaded-enabled}",
            "defalts: {accountName: \"1\", smsrOid: 1.2, state: downloaded-enabled}",
        ])
    func consequences(defaults: String) async throws {
        var yaml = "apiVersion: profilectl/v1\nkind: ProfileSet\nmetadata: {name: a}\ndevices:\n"
        for number in 0..<50 { yaml += "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number))}\n" }
        let loaded = await ManifestTests.load(yaml + defaults + "\n")
        #expect(loaded.errorCount == 1, "\(loaded.complaints.map(\.text).prefix(3))")
        #expect(loaded.complaints.first?.place?.line == 55)
    }

    @Test("of one kind twenty are shown, with the number of the rest")
    func kinds() async throws {
        let yaml = try Fleets.yaml(0) + String(repeating: "  - {eid: x, iccid: 1}\n", count: 500)
        let summary = ComplaintSummary(await ManifestTests.load(yaml).complaints)
        #expect(summary.shown.count == 20)
        #expect(summary.rests.contains("... and 480 further errors of the kind invalid-value, expected 32 digits"))
    }

    @Test("names of labels that look the same are the same, however an accent is written")
    func labels() async throws {
        let (one, two) = ("caf\u{E9}", "cafe\u{301}")
        let head = try Fleets.yaml(0)
        func device(_ number: Int, _ labels: String) throws -> String {
            "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number)), labels: {\(labels)}}\n"
        }
        let both = try await ManifestTests.load(head + device(1, "\(one): a, \(two): b"))
        #expect(both.errorCount == 1 && both.complaints.first?.rule == .repetition, "\(both.complaints.map(\.text))")
        let fleet = try await ManifestTests.load(
            head.replacing("devices:", with: "rollout: {waves: [{labels: {\(two): \(one)}}, 100%]}\ndevices:")
                + device(1, "\(one): \(one)") + device(2, "\(two): \(two)"))
        #expect(fleet.complaints.isEmpty, "\(fleet.complaints.map(\.text))")
        #expect(fleet.fleet.devices.map(\.labels).count == 2 && Set(fleet.fleet.devices.map(\.labels)).count == 1)
    }

    @Test("very many labels, or values in one place, are refused at once")
    func limits() async throws {
        let labels = (0..<20_000).map { "k\($0): v" }.joined(separator: ", ")
        var yaml = try Fleets.yaml(0).replacing("devices:", with: "x: &l {\(labels)}\ndevices:")
        for number in 0..<3000 {
            yaml += "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number)), labels: *l}\n"
        }
        #expect(await ManifestTests.load(yaml).hasErrors)
        let own =
            try Fleets.yaml(0)
            + "  - {eid: \(try Fleets.eid(1)), iccid: \(try Fleets.iccid(1)), labels: {\(labels)}}\n"
        let loaded = await ManifestTests.load(own)
        #expect(loaded.errorCount == 1 && loaded.complaints.first?.found == "more than 1000 labels")
        var limits = ManifestLimits()
        limits.nodeEvents = 1000
        let list = try Fleets.yaml(1) + "unknown: [" + String(repeating: "a,", count: 2000) + "a]\n"
        let refused = await ManifestLoader(limits: limits, standardInput: { Data(list.utf8) }).load(["-"])
        #expect(refused.complaints.first?.rule == .limit, "\(refused.complaints.map(\.text))")
    }
}
