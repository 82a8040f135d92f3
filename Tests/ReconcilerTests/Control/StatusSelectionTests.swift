import Testing

@testable import Reconciler

@Suite("The status of a part of the fleet")
struct StatusSelectionTests {
    private static func store(_ folder: TemporaryFolder) async throws -> Settings {
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        let records = try (0..<6).map { number in
            DeviceRecord(
                key: try Fleets.key(number), account: AccountName("account-\(number % 2)"),
                observation: ProfileObservation(
                    state: number < 3 ? .downloadedEnabled : .notDownloaded, profileStatus: nil, at: now,
                    source: .callback))
        }
        try await store.write { transaction in
            try transaction.save(records)
            let request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 2, at: now)
            _ = try transaction.addOperations(
                try [0, 3].map {
                    OperationIntent(
                        key: try Fleets.key($0), action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr,
                        attempt: 1)
                }, under: request.number, at: now)
            try transaction.raiseCounter("wrong credentials", by: 3)
        }
        var settings = Settings()
        settings.state = "sqlite:\(path)"
        return settings
    }

    @Test("selectors that the store can answer narrow devices, states and operations")
    func named() async throws {
        let folder = try TemporaryFolder()
        let session = StatusSession(settings: try await Self.store(folder))
        let all = try await session.fleet()
        #expect(all.devices == 6 && all.ofDevices == nil && all.counters.count == 1)
        let even = try await session.fleet(
            .named(targets: [try DeviceSelector("account:*-0")], excludes: [try DeviceSelector("\(try Fleets.eid(4))")])
        )
        #expect(even.devices == 2 && even.ofDevices == 6)
        #expect(even.profiles == ["downloadedEnabled": 2])
        #expect(even.operations == ["intended": 1])
        #expect(even.counters.isEmpty, "they are not counted by device")
        for text in ["label:a=b", "set:a", "file:a"] {
            let error = await #expect(throws: SelectionError.self) {
                try await session.fleet(.named(targets: [try DeviceSelector(text)], excludes: []))
            }
            #expect(error?.description.contains("--manifests") ?? false)
        }
        let unknown = await #expect(throws: SelectionError.self) {
            try await session.fleet(.named(targets: [try DeviceSelector("account:account-7")], excludes: []))
        }
        #expect(unknown?.description.contains("did you mean") ?? false)
    }

    @Test("manifests tell of labels and sets; devices that nobody has seen are not counted")
    func selected() async throws {
        let folder = try TemporaryFolder()
        let session = StatusSession(settings: try await Self.store(folder))
        var yaml = try Fleets.yaml(0)
        for number in 2..<8 {
            yaml += "  - {eid: \(try Fleets.eid(number)), iccid: \(try Fleets.iccid(number)), "
            yaml += "labels: {site: s\(number % 2)}}\n"
        }
        let fleet = try await Fleets.fleet(yaml)
        let some = try await session.fleet(
            .selected(try fleet.selecting([try DeviceSelector("label:site=s1")], excluding: [])))
        #expect(some.devices == 2 && some.ofDevices == 6)
        #expect(some.operations == ["intended": 1])
        #expect(try await session.fleet(.selected(fleet)).devices == 4)
    }
}
