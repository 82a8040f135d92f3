import Foundation
import Testing

@testable import Reconciler

@Suite("Reading a long list in parts")
struct SegmentedReadingTests {
    /// What can be seen of a loaded manifest.
    private struct Seen: Equatable {
        var devices: [String]
        var complaints: [String]
        var counts: [Int]

        init(_ loaded: LoadedManifest) {
            let fleet = loaded.fleet
            devices = fleet.devices.map { device in
                let labels = fleet.labels(of: device).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                let imei = device.imei?.description ?? "-"
                return "\(device.key) \(device.state) \(fleet.accountName(of: device)) \(fleet.smsrOid(of: device)) "
                    + "\(fleet.profileSet(of: device).name) \(fleet.place(of: device)) \(imei) \(labels)"
            }
            complaints = loaded.complaints.map(\.text)
            counts = [loaded.errorCount, loaded.warningCount, loaded.leftOut]
        }
    }

    private func load(_ yaml: String, partSize: Int, stretch: Int = 1, isStrict: Bool = false) async -> Seen {
        var limits = ManifestLimits()
        limits.partSize = partSize
        limits.partsReadAhead = 3
        limits.libyamlStretch = stretch
        return Seen(await ManifestLoader(isStrict: isStrict, limits: limits) { Data(yaml.utf8) }.load(["-"]))
    }

    /// A text of many devices, written in all the ways that YAML has for it, some of them wrong.
    private func text(seed: UInt64, isFaulty: Bool) throws -> String {
        var random = SeededGenerator(seed: seed)
        let indent = String(repeating: " ", count: Int.random(in: 0...3, using: &random))
        let usesAnchors = Bool.random(using: &random)
        let usesOtherCharacters = Bool.random(using: &random)
        let lineEnd = seed % 5 == 0 ? "\r\n" : "\n"
        var lines = ["apiVersion: profilectl/v1", "kind: ProfileSet", "metadata: {name: set-\(seed)}"]
        if usesOtherCharacters { lines.append("# Zähler für Köln – 電力計 🔌") }
        lines.append("defaults: &base {accountName: \"1\", smsrOid: 1.2, state: downloaded-enabled, labels: {a: b}}")
        lines.append("devices:")
        for number in 0..<Int.random(in: 800...1600, using: &random) {
            let (eid, iccid) = (try Fleets.eid(number), try Fleets.iccid(number))
            let label = usesOtherCharacters ? "größe-\(number % 7)" : "site-\(number % 7)"
            var entry: [String]
            switch Int.random(in: 0..<(usesAnchors ? 12 : 8), using: &random) {
            case 0: entry = ["{eid: \(eid), iccid: \"\(iccid)\", labels: {site: \(label), z: '\(number % 3)'}}"]
            case 1: entry = ["", "  eid: \(eid)", "  iccid: \(iccid)"]
            case 2: entry = ["iccid: '\(iccid)'", "  labels:", "    site: |", "      - eid: block", "  eid: \(eid)"]
            case 3: entry = ["eid: \(eid)", "  iccid: \(iccid)", "  labels: {t: \"two", "  - lines\"}"]
            case 4:
                entry = ["eid: \(eid)", "  # - eid: comment", "  iccid: \(iccid)", "  accountName: \"\(number % 3)\""]
            case 8: entry = ["&anchor-\(number % 5)", "  eid: \(eid)", "  iccid: \(iccid)"]
            case 9 where number > 40: entry = ["{<<: *base, eid: \(eid), iccid: \(iccid), state: downloaded-disabled}"]
            case 10: entry = ["{<<: &again-\(number % 5) {accountName: \"9\"}, eid: \(eid), iccid: \(iccid)}"]
            case 11 where number > 400 && isFaulty: entry = ["{<<: *anchor-2, eid: \(eid), iccid: \(iccid)}"]
            default: entry = ["eid: \(eid)", "  iccid: \(iccid)", "  imei: \"\(350_000_000_000_000 + number)\""]
            }
            if isFaulty {
                switch Int.random(in: 0..<200, using: &random) {
                case 0: entry = ["eid: nonsense", "  iccid: \(iccid)"]
                case 1: entry = ["eid: \(eid)", "  iccid: \(iccid)", "  sate: x"]
                case 2: entry = ["eid: \(eid)", "  eid: \(eid)", "  iccid: 12"]
                case 3: entry = ["just text"]
                default: break
                }
            }
            lines += entry.enumerated().map { $0.offset == 0 ? "\(indent)- \($0.element)" : "\(indent)\($0.element)" }
        }
        if isFaulty, seed % 4 == 0 { lines[lines.count * 2 / 3] += " ]" }
        lines.append("rollout: {batchSize: 7}")
        if seed % 3 == 0 {
            lines += ["---", "apiVersion: profilectl/v1", "kind: ProfileSet", "metadata: {name: other}"]
            lines += ["defaults: {accountName: \"1\", smsrOid: 1.2, state: downloaded-disabled}", "devices:"]
            for number in 5000..<6000 {
                lines += ["- eid: \(try Fleets.eid(number))", "  iccid: \(try Fleets.iccid(number))"]
            }
        }
        return lines.joined(separator: lineEnd) + lineEnd
    }

    @Test("a list that is cut anywhere is read as if it was not cut", arguments: 1...24)
    func cut(seed: UInt64) async throws {
        let yaml = try text(seed: seed, isFaulty: seed % 2 == 0)
        #expect(yaml.utf8.count > 1 << 16)
        let whole = await load(yaml, partSize: 1 << 30)
        #expect(!whole.devices.isEmpty, "seed \(seed)")
        #expect(seed % 2 == 0 || whole.complaints.isEmpty, "seed \(seed): \(whole.complaints.first ?? "")")
        for (partSize, stretch) in [(700, 1), (3000, 200), (20_000, 1), (20_000, 5000), (1 << 20, 1)] {
            let parts = await load(yaml, partSize: partSize, stretch: stretch)
            #expect(parts.counts == whole.counts, "seed \(seed), parts of \(partSize), stretches of \(stretch)")
            #expect(parts.complaints == whole.complaints, "seed \(seed), parts of \(partSize), \(stretch)")
            #expect(parts.devices == whole.devices, "seed \(seed), parts of \(partSize), stretches of \(stretch)")
        }
    }

    @Test(
        "a list is cut only where its end can be told from its parts",
        arguments: ["? devices\n:\n", "--- &x\n? devices\n:\n"])
    func explicitKey(start: String) async throws {
        var yaml = start
        for number in 0..<1500 {
            yaml += "  - eid: \(try Fleets.eid(number))\n    iccid: \(try Fleets.iccid(number))\n"
        }
        yaml += """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: x}
            defaults: {accountName: "1", smsrOid: 1.2, state: downloaded-enabled}
            ? rollout
            : {batchSize: 7}

            """
        let parts = await load(yaml, partSize: 2000)
        #expect(parts.complaints == [])
        #expect(parts.devices.count == 1500)
    }

    @Test("warnings of all parts keep their places and paths, and are errors when strict")
    func warnings() async throws {
        var yaml = try Fleets.yaml(0)
        for number in 0..<1500 { yaml += "  - {eid: \"\(10_000_000 + number)\", iccid: \"\(20_000_000 + number)\"}\n" }
        for isStrict in [false, true] {
            let whole = await load(yaml, partSize: 1 << 30, isStrict: isStrict)
            let parts = await load(yaml, partSize: 2000, isStrict: isStrict)
            #expect(whole == parts)
            #expect(whole.counts == (isStrict ? [3000, 0, 2000] : [0, 3000, 2000]) as [Int])
            #expect(parts.complaints.last?.contains("devices[499].iccid") == true)
        }
    }

    @Test("an entry is decoded the short way as it is the long way", arguments: 1...20)
    func shortAndLong(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let keys = ["eid", "iccid", "imei", "state", "accountName", "smsrOid", "labels", "<<", "sate"]
        let values = [
            try Fleets.eid(1).description, try Fleets.iccid(2).description, "350000000000001", "downloaded-enabled",
            "downloaded-disabled", "1223-1", "1.2.3", "{a: b, c: d}", "{a: ~}", "{b: x, a: y}", "~", "null", "''", "x",
            "{}", "[]", "\"<\"", "1",
        ]
        var plain = 0
        for _ in 0..<300 {
            let fitting = [0, 1, 2, 3, 5, 6, 7]
            let members = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                let index = Int.random(in: 0..<keys.count, using: &random)
                let isFitting = Bool.random(using: &random) && index < fitting.count
                let value = isFitting ? fitting[index] : Int.random(in: 0..<values.count, using: &random)
                return "\(keys[index]): \(values[value])"
            }
            let start = "eid: \(values[0]), iccid: \(values[1])"
            let yaml = "[{\(((Bool.random(using: &random) ? [start] : []) + members).joined(separator: ", "))}]"
            let short = try decode(yaml, isShort: true)
            let long = try decode(yaml, isShort: false)
            if let short {
                plain += 1
                #expect(short == long, "seed \(seed): \(yaml)")
            }
        }
        #expect(plain > 3, "seed \(seed)")
    }

    /// - Returns: what comes out; `nil` if the short way leaves it to the long one.
    private func decode(_ yaml: String, isShort: Bool) throws -> [String]? {
        var composer = YAMLComposer(ManifestText(Data(yaml.utf8)), limits: ManifestLimits())
        for _ in 0..<3 { _ = try composer.next() }
        var tape = YAMLTape()
        _ = try composer.record(try composer.next(), depth: 1, on: &tape)
        var list = DeclaredDevices(file: "x", form: .list)
        list.entryCount = 1
        var complaints = ComplaintList(limit: 100, isStrict: false)
        if isShort {
            var decoder = DeviceEntryDecoder()
            guard decoder.decode(tape, number: 0, into: &list, complaints: &complaints) else { return nil }
        } else if let node = try composer.compose(tape),
            let draft = ManifestDocument.device(node, file: "x", path: .device(0), complaints: &complaints)
        {
            for duplicate in composer.takeDuplicateKeys() { complaints.add(duplicate, in: "x") }
            list.add(draft, complaints: &complaints)
        }
        return complaints.complaints.map(\.text)
            + list.devices.map { device in
                let account = device.account == DeclaredDevice.open ? "-" : list.accounts.names[Int(device.account)]
                let smsr = device.smsr == DeclaredDevice.open ? "-" : list.smsrs.names[Int(device.smsr)]
                let labels = list.labels.labels(device.labels).sorted { $0.key < $1.key }
                return "\(device.key) \(String(describing: device.state)) \(account) \(smsr) \(labels) "
                    + "\(device.line):\(device.column) \(device.imeiDigits.word)"
            }
    }
}
