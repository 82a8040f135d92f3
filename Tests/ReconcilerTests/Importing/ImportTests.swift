import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Importing")
struct ImportTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func record(
        _ number: Int, _ state: ProfileState?, service: ServiceState = .active, key: DeviceKey? = nil
    ) throws -> DeviceRecord {
        DeviceRecord(
            key: try key ?? Fleets.key(number), account: Fleets.account,
            observation: state.map {
                ProfileObservation(state: $0, profileStatus: nil, at: now, source: .deviceListV2)
            },
            service: service)
    }

    @Test("what cannot be declared as it is is left out with the reason, and the rest is written")
    func leftOut() throws {
        var underWay = try record(6, .downloadedDisabled)
        underWay.operation = Operation(
            id: OperationID(1), key: underWay.key, action: .enable, account: Fleets.account, smsr: Fleets.smsr,
            attempt: 1, request: RequestNumber(1), intendedAt: now)
        let twice = [
            DeviceKey(eid: try Fleets.eid(20), iccid: try Fleets.iccid(20)),
            DeviceKey(eid: try Fleets.eid(20), iccid: try Fleets.iccid(21)),
        ]
        let moved = [
            DeviceKey(eid: try Fleets.eid(30), iccid: try Fleets.iccid(30)),
            DeviceKey(eid: try Fleets.eid(31), iccid: try Fleets.iccid(30)),
        ]
        let fleet = try ImportedFleet(
            [
                record(0, .downloadedEnabled), record(1, .downloadedDisabled, service: .suspended),
                record(2, .notDownloaded), record(3, .unknown), record(4, nil),
                record(5, .downloadedEnabled, service: .deactivated),
                underWay, record(0, .downloadedEnabled, key: twice[0]), record(0, .downloadedEnabled, key: twice[1]),
                record(0, .downloadedDisabled, key: moved[0]), record(0, .downloadedEnabled, key: moved[1]),
                record(7, .deleted),
            ], [:], smsr: Fleets.smsr)
        #expect(fleet.devices.map(\.key) == [try Fleets.key(0), try Fleets.key(1)].sorted())
        let reasons = Dictionary(grouping: fleet.leftOut, by: \.reason).mapValues(\.count)
        #expect(
            reasons == [
                .notDownloaded: 2, .unknown: 2, .notInService: 1, .underWay: 1, .enabledTwice: 2, .iccidTwice: 2,
            ])
    }

    @Test("without an SM-SR in the lists or by option there is a sentence, and no file")
    func smsr() throws {
        let records = try [record(0, .downloadedEnabled), record(1, .notDownloaded)]
        let error = #expect(throws: SettingsError.self) { try ImportedFleet(records, [:], smsr: nil) }
        #expect(error?.description.contains("--smsr") == true)
        let told = [try Fleets.key(0): CarrierDescription(smsr: SmsrOid("1.2.3"))]
        #expect(try ImportedFleet(records, told, smsr: nil).devices.map(\.smsr) == [SmsrOid("1.2.3")])
        let nonsense = [try Fleets.key(0): CarrierDescription(smsr: SmsrOid("x"))]
        #expect(try ImportedFleet(records, nonsense, smsr: Fleets.smsr).devices.map(\.smsr) == [Fleets.smsr])
    }

    /// What a manifest declares, in words.
    private func declared(_ text: String) async throws -> [String] {
        let fleet = try await Fleets.fleet(text)
        return fleet.devices.map { device in
            let labels = fleet.labels(of: device).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return "\(device.key) \(device.state) \(fleet.accountName(of: device)) \(fleet.smsrOid(of: device)) "
                + "\(device.imei?.description ?? "-") \(labels.joined(separator: ","))"
        }
    }

    @Test("any labels, accounts and SM-SRs come back as they were written, in one file or in many", arguments: 1...30)
    func roundTrip(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let odd = [
            "southwest", "a: b", "#x", "null", "0012", "\"q\"", "back\\slash", "züri ☃", "{", "- x", "yes", " y ", "'",
        ]
        let accounts = [AccountName("0342077109-00001"), AccountName("0012-0"), AccountName("no")]
        var records: [DeviceRecord] = []
        var descriptions: [DeviceKey: CarrierDescription] = [:]
        for number in 0..<25 {
            var record = try record(number, Bool.random(using: &random) ? .downloadedEnabled : .downloadedDisabled)
            record.account = accounts.randomElement(using: &random) ?? Fleets.account
            if Bool.random(using: &random) { record.imei = IMEI(String(350_000_000_000_000 + number)) }
            records.append(record)
            var description = CarrierDescription(smsr: Bool.random(using: &random) ? SmsrOid("1.2.3") : nil)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                if let group = odd.randomElement(using: &random) { description.groups.append(group) }
            }
            if let value = odd.randomElement(using: &random), Bool.random(using: &random) {
                description.customFields["Custom Field: \(Int.random(in: 1...5, using: &random))"] = value
            }
            descriptions[record.key] = description
        }
        let fleet = try ImportedFleet(records, descriptions, smsr: Fleets.smsr)
        let expected = fleet.devices.map { device in
            let labels = device.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return "\(device.key) \(device.state) \(device.account) \(device.smsr) \(device.imei?.description ?? "-") "
                + labels.joined(separator: ",")
        }
        for split in [ImportSplit.account, .label("group"), .label("Custom Field: 1")] {
            let documents = ImportedDocument.documents(of: fleet, split: split)
            #expect(documents.reduce(0) { $0 + $1.deviceCount } == 25)
            let text = documents.map(\.text).joined(separator: "---\n")
            #expect(try await declared(text) == expected, "seed \(seed), \(split)\n\(text)")
            let again = ImportedDocument.documents(
                of: try ImportedFleet(records.shuffled(using: &random), descriptions, smsr: Fleets.smsr), split: split)
            #expect(again.map(\.text) == documents.map(\.text), "seed \(seed): the same devices give the same text")
        }
    }

    @Test("an account with nothing to declare gives a valid file that says why")
    func empty() async throws {
        let fleet = try ImportedFleet([record(0, .notDownloaded)], [:], smsr: nil)
        let documents = ImportedDocument.documents(of: fleet, split: .account)
        #expect(documents.map(\.name) == ["account-\(Fleets.account)"])
        #expect(documents[0].text.contains("# Left out (1), because no profile is downloaded"))
        #expect(documents[0].text.contains("#   \(try Fleets.key(0))"))
        #expect(try await declared(documents[0].text).isEmpty)
    }

    @Test("files are not overwritten unless that is meant, and one that is as it should be is left alone")
    func files() throws {
        let folder = try TemporaryFolder()
        let into = folder.path + "/fleet"
        func documents(_ numbers: Range<Int>) throws -> [ImportedDocument] {
            let records = try numbers.map { try record($0, .downloadedEnabled) }
            return ImportedDocument.documents(of: try ImportedFleet(records, [:], smsr: Fleets.smsr), split: .account)
        }
        let first = try documents(0..<3)
        let written = try ImportFiles.write(first, into: into, overwrites: false)
        #expect(written == ["\(into)/account-\(Fleets.account).yaml"])
        #expect(try ImportFiles.write(first, into: into, overwrites: false).isEmpty)
        let error = #expect(throws: SettingsError.self) {
            try ImportFiles.write(try documents(0..<4), into: into, overwrites: false)
        }
        #expect(error?.description.contains("--force") == true)
        #expect(FileManager.default.contents(atPath: written[0]) == Data(first[0].text.utf8))
        #expect(try ImportFiles.write(try documents(0..<4), into: into, overwrites: true) == written)
    }

    @Test("what is imported from an account of 10,000 devices leaves nothing to do, and what moves then is drift")
    func wholeAccount() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let count = 10_000
        let words = ["DOWNLOAD_ENABLE", "ENABLE", "DOWNLOAD_DISABLE", "DISABLE", "none"]
        let inventory = try (0..<count).map { number in
            SimulatedDevice(
                eid: try Fleets.eid(number).description, iccid: try Fleets.iccid(number).description,
                imei: String(350_000_000_000_000 + number), accountName: Fleets.account.description,
                smsrOid: Fleets.smsr.description,
                profileStatus: number % 100 == 99 ? "Not Downloaded" : words[number % words.count],
                groupNames: ["Default: x", number % 3 == 0 ? "southwest" : "north"])
        }
        let port = Harness.port()
        try await Harness.withSimulator(inventory) { simulator, baseURL in
            let session = Harness.importSession(from: baseURL, store: store, port: port)
            let outcome = try await session.read([Fleets.account], smsr: nil, split: .label("group"))
            #expect(outcome.report.isWhole, "\(outcome.report.accounts.flatMap(\.problems))")
            #expect(outcome.documents.map(\.name) == ["group-north", "group-southwest"])
            #expect(outcome.leftOut.values.reduce(0, +) == 100)
            _ = try ImportFiles.write(outcome.documents, into: folder.path + "/fleet", overwrites: false)
            try await session.noteDeclared(outcome)

            let loaded = await ManifestLoader(isStrict: true).load([folder.path + "/fleet"])
            #expect(loaded.complaints.isEmpty)
            let plan = Planner(now: SystemClock().now()).plan(
                desired: loaded.fleet, known: try await store.read { try $0.knownFleet() })
            #expect(plan.isConverged && plan.convergedCount == count - 100)
            #expect(plan.unmanaged.count == 100, "those without a profile")

            let drifted = await simulator.drift(50, to: "DELETE")
            let report = try await Harness.refresh(
                RefreshScope(loaded.fleet), from: baseURL, store: store, port: port)
            #expect(report.isWhole, "\(report.accounts.flatMap(\.problems))")
            let later = Planner(now: SystemClock().now()).plan(
                desired: loaded.fleet, known: try await store.read { try $0.knownFleet() })
            let managed = Set(loaded.fleet.devices.map(\.key.iccid.description))
            #expect(
                Set(later.drifts.map(\.key.iccid.description)) == Set(drifted).intersection(managed))
            #expect(later.drifts.count == later.actions.count)
        }
    }

    @Test("an import of which a list is missing writes nothing")
    func missingList() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(3, rollout: Fleets.quick))
        var options = Harness.quickCarrier
        options.listDropRate = 1
        try await Harness.withSimulator(Harness.inventory(fleet), options) { _, baseURL in
            let session = Harness.importSession(from: baseURL, store: store, timeout: .milliseconds(300))
            let outcome = try await session.read([Fleets.account], smsr: nil, split: .account)
            #expect(!outcome.report.isWhole && outcome.documents.isEmpty)
        }
    }

    @Test("labels in any script, and of any length, are read back as they were")
    func scripts() async throws {
        let texts = [
            String(repeating: "\u{1F50C}", count: 150), String(repeating: "\u{E000}", count: 200),
            String(repeating: "\u{E4}", count: 103), "a\u{85}b\u{2028}c", "\u{FEFF}x", "\"quoted\\\"", "{a: [b]}", "~",
        ]
        let records = try [record(0, .downloadedEnabled)]
        let fields = Dictionary(uniqueKeysWithValues: texts.map { ($0, $0) })
        let fleet = try ImportedFleet(
            records, [records[0].key: CarrierDescription(customFields: fields)], smsr: Fleets.smsr)
        for split in [ImportSplit.account, .label(texts[0])] {
            let text = ImportedDocument.documents(of: fleet, split: split).map(\.text).joined(separator: "---\n")
            let loaded = await ManifestLoader(standardInput: { Data(text.utf8) }).load(["-"])
            #expect(loaded.complaints.map(\.text) == [])
            let device = try #require(loaded.fleet.devices.first)
            #expect(loaded.fleet.labels(of: device) == fields)
        }
    }

    @Test("a folder is not called after a variable that a shell would have replaced")
    func unexpanded() throws {
        #expect(throws: SettingsError.self) { try ImportFiles.write([], into: "$HOME/fleet", overwrites: false) }
    }
}
