import Foundation
import Testing

@testable import Reconciler

@Suite("Selecting devices of a fleet")
struct FleetSelectionTests {
    /// Two sets in two files and a CSV; the devices by their numbers.
    private static func fleet(_ folder: TemporaryFolder) async throws -> DesiredFleet {
        func head(_ name: String, _ account: String) -> String {
            """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: \(name), labels: {product: meter}}
            defaults: {accountName: "\(account)", smsrOid: 1.2.3, state: downloaded-enabled}

            """
        }
        func entry(_ number: Int, _ rest: String) throws -> String {
            "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number))\(rest)}\n"
        }
        try folder.write(
            "west/phoenix.yaml",
            try head("phoenix-meters", "0342077109-00001") + "devicesFrom: [{csv: more.csv}]\ndevices:\n"
                + entry(0, ", labels: {site: phoenix-7}") + entry(1, ", labels: {site: phoenix-8, floor: ''}"))
        try folder.write(
            "west/more.csv",
            "eid,iccid,label:site\n\(try Fleets.eid(2)),\(try Fleets.iccid(2)),tucson-1\n"
                + "\(try Fleets.eid(3)),\(try Fleets.iccid(3)),\"tucson,2\"\n")
        // Device 5 is a second profile on the eUICC of device 4.
        try folder.write(
            "east.yaml",
            try head("boston-meters", "0099-00002") + "devices:\n" + entry(4, ", state: downloaded-disabled")
                + "  - {eid: \(try Fleets.eid(4)), iccid: \(try Fleets.iccid(5)), labels: {site: boston-1}}\n")
        let loaded = await ManifestLoader().load([folder.path])
        try #require(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
        return loaded.fleet
    }

    private static func numbers(_ fleet: DesiredFleet) throws -> [Int] {
        try (0..<6).filter { number in
            let iccid = try Fleets.iccid(number)
            return fleet.devices.indices.contains {
                fleet.devices[$0].key.iccid == iccid && fleet.selection?.contains($0) ?? true
            }
        }
    }

    private static func select(
        _ fleet: DesiredFleet, _ targets: [String], _ excludes: [String] = [], keepsCardsWhole: Bool = true
    ) throws -> DesiredFleet {
        try fleet.selecting(
            try targets.map { try DeviceSelector($0) }, excluding: try excludes.map { try DeviceSelector($0) },
            keepsCardsWhole: keepsCardsWhole)
    }

    @Test("each kind of selector selects what it names; commas are and, several targets are or")
    func kinds() async throws {
        let folder = try TemporaryFolder()
        let fleet = try await Self.fleet(folder)
        let cases: [([String], [String], [Int])] = [
            ([], [], [0, 1, 2, 3, 4, 5]),
            (["eid:\(try Fleets.eid(2))"], [], [2]), (["\(try Fleets.eid(4))"], [], [4, 5]),
            (["iccid:\(try Fleets.iccid(3))"], [], [3]),
            (["\(try Fleets.iccid(0))", "\(try Fleets.iccid(1))"], [], [0, 1]),
            (["eid:*\(try Fleets.eid(1).description.suffix(4))"], [], [1]),
            (["account:0342077109-00001"], [], [0, 1, 2, 3]), (["account:00*"], [], [4, 5]),
            (["set:boston-meters"], [], [4, 5]), (["set:*-meters"], [], [0, 1, 2, 3, 4, 5]),
            (["file:east.yaml"], [], [4, 5]), (["file:more.csv"], [], [2, 3]),
            (["file:phoenix.yaml"], [], [0, 1, 2, 3]), (["file:west/*"], [], [0, 1, 2, 3]),
            (["file:\(folder.path)/west/more.csv"], [], [2, 3]),
            (["label:site=phoenix-7"], [], [0]), (["label:site=phoenix-*"], [], [0, 1]), (["label:floor"], [], [1]),
            (["label:floor="], [], [1]), (["label:product=meter"], [], [0, 1, 2, 3, 4, 5]),
            ([#"label:site=tucson\,2"#], [], [3]), (["label:site", "set:boston-meters"], [], [0, 1, 2, 3, 4, 5]),
            (["set:phoenix-meters,label:site=tucson*"], [], [2, 3]),
            (["set:phoenix-meters"], ["label:site=tucson*", "label:floor"], [0]), ([], ["account:00*"], [0, 1, 2, 3]),
        ]
        for (targets, excludes, expected) in cases {
            let selected = try Self.select(fleet, targets, excludes)
            #expect(try Self.numbers(selected) == expected, "\(targets) \(excludes)")
            #expect(selected.selection.map { $0.count == expected.count } ?? true)
        }
    }

    @Test("an eUICC is selected or left out with all its profiles, and the numbers of both are told")
    func wholeCards() async throws {
        let fleet = try await Self.fleet(try TemporaryFolder())
        let one = "\(try Fleets.iccid(5))"
        let widened = try Self.select(fleet, [one])
        #expect(try Self.numbers(widened) == [4, 5])
        #expect(widened.selection?.part.addedWithCard == 1)
        let narrowed = try Self.select(fleet, [], [one])
        #expect(try Self.numbers(narrowed) == [0, 1, 2, 3])
        #expect(narrowed.selection?.part.leftOutWithCard == 1)
        #expect(try Self.numbers(try Self.select(fleet, [one], keepsCardsWhole: false)) == [5])
        // What is left out does not come back because of its card.
        let both = try Self.select(fleet, ["label:site"], ["label:site=boston-1"])
        #expect(try Self.numbers(both) == [0, 1, 2, 3])
        #expect(both.selection?.part.addedWithCard == 0 && both.selection?.part.leftOutWithCard == 0)
    }

    @Test("a selector that selects nothing is an error that names it and the nearest name, excludes too")
    func nothing() async throws {
        let fleet = try await Self.fleet(try TemporaryFolder())
        let cases = [
            ("set:phoenix-meter", "did you mean `set:phoenix-meters`?"),
            ("account:0099-00003", "`account:0099-00002`?"),
            ("file:esat.yaml", "did you mean `file:east.yaml`?"), ("label:sit=x", "did you mean `label:site`?"),
            ("label:site=phoenix-9", "did you mean `label:site=phoenix-7`?"), ("label:nothing-like-it", "6 devices."),
            ("eid:89049032000000000000000000000099", "its check digits do not fit"),
            ("iccid:89148000000000000002", "its check digit does not fit"),
            ("set:boston-meters,label:site=phoenix-7", "each of its terms selects some"), ("eid:1", "an EID has 32"),
        ]
        for (text, words) in cases {
            for (targets, excludes) in [([text], []), ([], [text])] {
                let error = try #require(throws: SelectionError.self) { try Self.select(fleet, targets, excludes) }
                #expect(error.description.contains(words), "\(error)")
                #expect(error.description.contains("`\(text)`"), "\(error)")
            }
        }
        let all = try #require(throws: SelectionError.self) {
            try Self.select(fleet, ["set:boston-meters"], ["account:00*"])
        }
        #expect(all.description.contains("Nothing is left"))
        let several = try #require(throws: SelectionError.self) {
            try Self.select(fleet, ["set:a", "set:boston*", "set:b"])
        }
        #expect(several.description.split(separator: "\n").count == 2)
    }

    @Test("random selections are what a look at each device by itself gives", arguments: 1...10)
    func random(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let count = 200
        var yaml = """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: fleet}
            defaults: {smsrOid: 1.2, state: downloaded-disabled}
            devices:

            """
        var accounts: [ICCID: Int] = [:]
        var sites: [ICCID: Int] = [:]
        var cards: [ICCID: EID] = [:]
        for number in 0..<count {
            let iccid = try Fleets.iccid(number)
            let eid = try Fleets.eid(Int.random(in: 0..<count, using: &random))
            accounts[iccid] = Int.random(in: 0..<3, using: &random)
            sites[iccid] = Int.random(in: 0..<5, using: &random)
            cards[iccid] = eid
            yaml += "  - {eid: \(eid), iccid: \(iccid), accountName: a\(accounts[iccid] ?? 0), "
            yaml += "labels: {site: s\(sites[iccid] ?? 0)}}\n"
        }
        let fleet = try await Fleets.fleet(yaml)
        let iccids = try (0..<3).map { _ in try Fleets.iccid(Int.random(in: 0..<count, using: &random)) }
        let (account, site) = (Int.random(in: 0..<3, using: &random), Int.random(in: 0..<5, using: &random))
        let selected = try Self.select(
            fleet, ["account:a\(account),label:site=s\(site)"] + iccids.map { "\($0)" },
            ["label:site=s\((site + 1) % 5)"])
        func isCompanion(_ device: DesiredDevice, _ isNamed: (ICCID) -> Bool) -> Bool {
            cards.contains { $0.value == device.key.eid && isNamed($0.key) }
        }
        for (number, device) in fleet.devices.enumerated() {
            let isTarget = isCompanion(device) { iccids.contains($0) || (accounts[$0] == account && sites[$0] == site) }
            let isExcluded = isCompanion(device) { sites[$0] == (site + 1) % 5 }
            #expect(selected.selection?.contains(number) == (isTarget && !isExcluded), "seed \(seed): \(device.key)")
        }
    }
}
