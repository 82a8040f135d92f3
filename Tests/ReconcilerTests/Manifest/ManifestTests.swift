import Foundation
import Testing

@testable import Reconciler

@Suite("Reading manifests")
struct ManifestTests {
    static func load(_ yaml: String, strict: Bool = false) async -> LoadedManifest {
        await ManifestLoader(isStrict: strict, standardInput: { Data(yaml.utf8) }).load(["-"])
    }

    private static let head = """
        apiVersion: profilectl/v1
        kind: ProfileSet
        metadata: {name: a}

        """

    @Test("scalars are taken as they are written, quoted or not")
    func verbatim() async throws {
        let yaml =
            Self.head + """
                devices:
                  - eid: 00123456789012345678901234567890
                    iccid: 0012
                    accountName: 0012
                    smsrOid: 1.2
                    state: downloaded-enabled
                    labels: {a: 0012, b: 1e3, c: yes, d: "~", e: 1_000, f: 'x'}
                """
        let loaded = await Self.load(yaml)
        #expect(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
        let device = try #require(loaded.fleet.devices.first)
        #expect(device.key.description == "00123456789012345678901234567890/0012")
        #expect(loaded.fleet.accountName(of: device) == AccountName("0012"))
        #expect(
            loaded.fleet.labels(of: device) == ["a": "0012", "b": "1e3", "c": "yes", "d": "~", "e": "1_000", "f": "x"])
    }

    @Test("defaults may stand behind the devices, and labels add up")
    func defaultsBehind() async throws {
        let yaml = """
            devices:
              - {eid: \(try Fleets.eid(1)), iccid: \(try Fleets.iccid(1)), labels: {site: x, region: own}}
            defaults: {accountName: "1", smsrOid: 1.2, state: downloaded-disabled, labels: {region: west}}
            metadata: {name: a, labels: {product: meter}}
            kind: ProfileSet
            apiVersion: profilectl/v1
            """
        let loaded = await Self.load(yaml)
        #expect(loaded.complaints.isEmpty, "\(loaded.complaints.map(\.text))")
        let device = try #require(loaded.fleet.devices.first)
        #expect(device.state == .downloadedDisabled)
        #expect(loaded.fleet.labels(of: device) == ["site": "x", "region": "own", "product": "meter"])
    }

    @Test("anchors, aliases and merge keys work; explicit keys win")
    func mergeKeys() async throws {
        let yaml =
            Self.head + """
                defaults: &base {accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
                devices:
                  - &first {eid: \(try Fleets.eid(1)), iccid: \(try Fleets.iccid(1)), state: downloaded-disabled}
                  - {iccid: \(try Fleets.iccid(2)), <<: *first}
                  - {<<: [{accountName: "2"}, *base], eid: \(try Fleets.eid(3)), iccid: \(try Fleets.iccid(3))}
                """
        let loaded = await Self.load(yaml)
        #expect(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
        #expect(loaded.fleet.devices.map(\.state) == [.downloadedDisabled, .downloadedDisabled, .downloadedEnabled])
        #expect(loaded.fleet.devices.map { loaded.fleet.accountName(of: $0).description } == ["1", "1", "2"])
    }

    @Test("a device list that is an alias is read as if it stood there")
    func aliasedList() async throws {
        let yaml = """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: a}
            defaults: {accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
            devices: &all
              - {eid: \(try Fleets.eid(1)), iccid: \(try Fleets.iccid(1))}
            """
        let loaded = await Self.load(yaml)
        #expect(loaded.fleet.devices.count == 1)
    }

    @Test("CSV devices have places of their own, quoting works, and complaints name the CSV's line and column")
    func csv() async throws {
        let folder = try TemporaryFolder()
        let yaml =
            Self.head + """
                defaults: {accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
                devicesFrom:
                  - csv: inventory/a.csv
                """
        let path = try folder.write("fleet.yaml", yaml)
        let good =
            "\u{FEFF}iccid,eid,label:site,state\r\n\(try Fleets.iccid(1)),\"\(try Fleets.eid(1))\",\"a \"\"b\"\",c\",\r\n"
            + "\(try Fleets.iccid(2)),\(try Fleets.eid(2)),,downloaded-disabled\r\n"
        try folder.write("inventory/a.csv", good)
        let loaded = await ManifestLoader().load([path])
        #expect(loaded.errorCount == 0, "\(loaded.complaints.map(\.text))")
        #expect(loaded.fleet.devices.map(\.state) == [.downloadedEnabled, .downloadedDisabled])
        #expect(loaded.fleet.labels(of: loaded.fleet.devices[0]) == ["site": "a \"b\",c"])

        try folder.write("inventory/a.csv", "eid,iccid,imei\n\(try Fleets.eid(1)),\(try Fleets.iccid(1)),")
        #expect(await ManifestLoader().load([path]).complaints.map(\.text) == [], "an empty field ends the file")

        try folder.write("inventory/a.csv", "eid,iccid,stat\n")
        let wrong = await ManifestLoader().load([path])
        #expect(
            wrong.complaints.first?.place == SourcePlace(file: folder.path + "/inventory/a.csv", line: 1, column: 11))
        #expect(wrong.complaints.first?.hint == "did you mean `state`?")

        try folder.write("inventory/a.csv", "eid,iccid,state\n\n1,x,downloaded-enabled\n1,2\n")
        let bad = await ManifestLoader().load([path])
        #expect(bad.complaints.compactMap { $0.place.map { [$0.line, $0.column] } } == [[3, 3], [4, 1]])

        try FileManager.default.removeItem(atPath: folder.path + "/inventory/a.csv")
        let missing = await ManifestLoader().load([path])
        #expect(missing.complaints.first?.place == SourcePlace(file: path, line: 6, column: 10))
    }

    @Test("a directory gives its *.yaml and *.yml in order, hidden ones left out; a link back up does no harm")
    func directory() async throws {
        let folder = try TemporaryFolder()
        for (index, name) in ["b.yml", "a/x.yaml", ".hidden.yaml", "c.txt"].enumerated() {
            try folder.write(name, try Fleets.yaml(1, name: "set-\(index)").replacing("00000", with: "0000\(index)"))
        }
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/a/up", withDestinationPath: folder.path)
        let loaded = await ManifestLoader().load([folder.path])
        #expect(loaded.fleet.sets.map(\.name) == ["set-1", "set-0"])
    }

    @Test("across the fleet what does not go together is an error that names both places")
    func conflicts() async throws {
        func device(_ eid: Int, _ iccid: Int, _ state: String) throws -> String {
            "  - {eid: \(try Fleets.eid(eid)), iccid: \(try Fleets.iccid(iccid)), state: \(state)}\n"
        }
        let head = Self.head + "defaults: {accountName: \"1\", smsrOid: 1.2}\ndevices:\n"
        let cases: [(String, String)] = [
            (try device(1, 1, "downloaded-enabled") + device(1, 1, "downloaded-disabled"), "a second time"),
            (try device(1, 1, "downloaded-enabled") + device(2, 1, "downloaded-disabled"), "on a second EID"),
            (try device(1, 1, "downloaded-enabled") + device(1, 2, "downloaded-enabled"), "a second profile"),
        ]
        for (devices, words) in cases {
            let loaded = await Self.load(head + devices)
            #expect(loaded.errorCount == 1, "\(loaded.complaints.map(\.text))")
            let complaint = try #require(loaded.complaints.first)
            #expect(complaint.message.contains(words))
            #expect(complaint.place?.line == 7)
            #expect(complaint.related?.line == 6)
        }
        let same = try await Self.load(head + device(1, 1, "downloaded-enabled") + device(1, 1, "downloaded-enabled"))
        #expect(same.errorCount == 0)
        #expect(same.warningCount == 1)
        let twoProfiles = try await Self.load(
            head + device(1, 1, "downloaded-enabled") + device(1, 2, "downloaded-disabled"))
        #expect(twoProfiles.complaints.isEmpty)
    }

    @Test("check digits that do not fit are warnings, and errors when strict")
    func strict() async {
        let yaml =
            Self.head + """
                devices:
                  - {eid: 678912789123453456784008666456, iccid: 78425989148000000840, accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
                """
        let lenient = await Self.load(yaml)
        let strict = await Self.load(yaml, strict: true)
        #expect(lenient.errorCount == 0 && lenient.warningCount == 2)
        #expect(strict.errorCount == 2 && strict.warningCount == 0)
    }

    @Test("a complaint shows place, path, what was found and expected, a hint, the line and a caret")
    func rendering() async throws {
        let yaml =
            Self.head + """
                defaults: {accountName: "1", smsrOid: 1.2, stat: downloaded-enabled}
                """
        let complaint = try #require(await Self.load(yaml).complaints.first)
        #expect(
            complaint.text == """
                <stdin>:4:44: error: defaults: found the unknown key `stat`, expected one of accountName, smsrOid, \
                state, labels; did you mean `state`?
                    defaults: {accountName: "1", smsrOid: 1.2, stat: downloaded-enabled}
                                                               ^
                """)
    }

    @Test("a bomb of aliases is refused after a few events, with its place")
    func bomb() async {
        var yaml = "a: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            yaml +=
                "b\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        #expect(yaml.utf8.count < 700)
        let loaded = await Self.load(yaml)
        #expect(loaded.complaints.contains { $0.message.contains("aliases") && ($0.place?.line ?? 0) > 1 })
        var composer = YAMLComposer(ManifestText(Data(yaml.utf8)), limits: ManifestLimits())
        #expect(throws: YAMLRefusal.self) { while true { _ = try composer.nextNode(depth: 0) } }
        #expect(composer.reader.eventCount < 200)
    }

    @Test("nesting is bounded")
    func depth() async {
        let yaml = "a: " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        let loaded = await Self.load(yaml)
        #expect(loaded.complaints.contains { $0.place != nil && $0.severity == .error })
    }

    @Test("complaints are bounded, and those left out are counted")
    func manyComplaints() async {
        let yaml = Self.head + "devices:\n" + String(repeating: "  - {eid: x}\n", count: 3000)
        let loaded = await Self.load(yaml)
        #expect(loaded.complaints.count == ManifestLimits().complaints)
        #expect(loaded.errorCount == 6000)
        #expect(loaded.leftOut == 6000 - ManifestLimits().complaints)
    }

    @Test("one bad entry at the end of 1,000,000 devices is named by line and column")
    func largeFile() async throws {
        let count = 1_000_000
        var yaml = Array(try Fleets.yaml(0).utf8)
        let entry = Array("  - {eid: \"890400000000000000000\", iccid: \"89000000000000000\"}\n".utf8)
        let ends = [entry.count - 33, entry.count - 4]
        yaml.reserveCapacity(yaml.count + count * entry.count + 100)
        for number in 0..<count {
            let start = yaml.count
            yaml.append(contentsOf: entry)
            for end in ends {
                var rest = number
                var place = start + end - 1
                while rest > 0 {
                    yaml[place] = UInt8(0x30 + rest % 10)
                    rest /= 10
                    place -= 1
                }
            }
        }
        yaml.append(contentsOf: "  - {eid: \"1\", iccid: nonsense}\n".utf8)
        let text = Data(yaml)
        let loaded = await ManifestLoader(standardInput: { text }).load(["-"])
        #expect(loaded.errorCount == 1)
        let complaint = try #require(loaded.complaints.first { $0.severity == .error })
        #expect(complaint.place?.line == 1_000_010)
        #expect(complaint.place?.column == 23)
        #expect(complaint.path == "devices[1000000].iccid")
    }
}
