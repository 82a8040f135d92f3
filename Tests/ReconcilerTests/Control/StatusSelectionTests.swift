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

@Suite("The devices that a status names")
struct StatusTroubleTests {
    @Test("devices that failed, are held or blocked are listed with their reasons, up to a limit")
    func troubles() throws {
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        let failure = OperationFailure(code: "8.1", carrierText: nil, explanation: "Out of reach.", remedy: .person)
        func record(_ number: Int, _ phase: Operation.Phase?, _ service: ServiceState = .active) throws -> DeviceRecord
        {
            var record = DeviceRecord(key: try Fleets.key(number), account: Fleets.account)
            record.service = service
            record.operation = try phase.map {
                Operation(
                    id: OperationID(1), key: try Fleets.key(number), action: .enable, account: Fleets.account,
                    smsr: Fleets.smsr, attempt: 2, request: RequestNumber(1), intendedAt: now, phase: $0)
            }
            return record
        }
        func status(_ records: [DeviceRecord]) -> FleetStatus {
            FleetStatus(
                known: KnownFleet(records), callbacks: [:], counters: [:], signIns: [], contacts: [], leases: [],
                latestRuns: [])
        }
        let some = status([
            try record(0, .failed(failure, retryAt: nil)), try record(1, .failed(failure, retryAt: now)),
            try record(2, .unresolved(reason: "time-out")), try record(3, nil, .deactivated), try record(4, nil),
            try record(5, nil, .unknown), try record(6, .succeeded),
        ])
        #expect(some.needAttention.map(\.condition) == ["failed", "held", "blocked"])
        #expect(some.needAttention.first?.explanation.contains("Out of reach.") == true)
        let many = status(try (0..<150).map { try record($0, .failed(failure, retryAt: nil)) })
        #expect(many.needAttention.count == FleetStatus.troubleLimit && many.needAttentionCount == 150)
    }
}
