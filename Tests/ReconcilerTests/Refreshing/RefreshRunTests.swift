import Testing

@testable import Reconciler

@Suite("Refreshing from lists of every kind")
struct RefreshRunTests {
    private let clock = SystemClock()
    private let scope = RefreshScope(accounts: [Fleets.account])

    @Test("each status is asked for once, and the filter tells the state of rows that do not tell it")
    func filters() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore.knowing(in: folder)
        let keys = try (0..<7).map { try Fleets.key($0) }
        let carrier = ListCarrier.v2Only(store, clock) { filter in
            let index = DeviceListQuestion.statuses.firstIndex { $0 == filter }
            return [ListCarrier.message(index.map { [keys[$0]] } ?? [])]
        }
        let report = try await carrier.refresh(scope, lists: ListChoice(v1: false))
        #expect(carrier.questions.map(\.filter) == DeviceListQuestion.statuses)
        #expect(report.isWhole)
        #expect(report.accounts[0].added == 7)
        let states = try await store.records(keys).map { $0?.observation?.state }
        #expect(
            states == [
                .downloadedEnabled, .downloadedEnabled, .downloadedDisabled, .downloadedDisabled, .notDownloaded,
                .deleted, nil,
            ])
        #expect(
            try await store.records(keys).map { $0?.hint?.kind } == [nil, nil, nil, nil, nil, nil, .unclearRecords])
    }

    @Test("a device in the lists of two statuses is in doubt, the others are not")
    func contradictory() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing([keys[0]: .downloadedEnabled], in: folder)
        let carrier = ListCarrier.v2Only(store, clock) { filter in
            switch filter {
            case "ENABLE": [ListCarrier.message([keys[0], keys[1]])]
            case "DISABLE": [ListCarrier.message([keys[0], keys[2]])]
            default: [ListCarrier.message([])]
            }
        }
        let fleet = try await Fleets.fleet(try Fleets.yaml(3, rollout: Fleets.quick))
        let report = try await carrier.refresh(RefreshScope(fleet), lists: ListChoice(v1: false))
        #expect(report.heldDeclared == 1)
        let states = try await store.records(keys).map { $0?.observation?.state }
        #expect(states == [.downloadedEnabled, .downloadedEnabled, .downloadedDisabled])
        let plan = Planner(now: clock.now()).plan(
            desired: fleet, known: try await store.read { try $0.knownFleet() })
        #expect(plan.exceptions.map(\.reason.name) == ["to be looked up"])
        #expect(plan.actions.map(\.action) == [.enable])
    }

    @Test("a list that does not come is said so, and changes nothing of any profile")
    func late() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            [keys[0]: .downloadedEnabled, keys[1]: .downloadedEnabled], in: folder)
        let suspended = try #require(try ListCarrier.row(keys[0], state: "suspend"))
        let carrier = ListCarrier(
            store, clock, page: { _ in AccountDevicePage(rows: [suspended], next: nil) },
            rows: { filter in filter == "DELETE" ? [] : [ListCarrier.message([keys[0]])] })
        let before = try await store.records(keys)
        let report = try await carrier.refresh(scope, timeout: .milliseconds(200))
        #expect(!report.isWhole && report.hasLateLists)
        #expect(report.accounts[0].problems.contains { $0.contains("did not come in time") })
        let after = try await store.records(keys)
        #expect(after.map { $0?.observation } == before.map { $0?.observation })
        #expect(after[0]?.service == .suspended, "what the v1 list tells of the line is believed")
        #expect(after[1]?.service == .active, "absence proves nothing while a list is missing")
        #expect(after[2] == nil)
    }

    @Test("a device that no status and no v1 list has is not on the account; one that only v1 has is held")
    func absent() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            [keys[0]: .downloadedEnabled, keys[1]: .downloadedEnabled, keys[2]: .notDownloaded], in: folder)
        let row = try #require(try ListCarrier.row(keys[1]))
        let carrier = ListCarrier(
            store, clock, page: { _ in AccountDevicePage(rows: [row], next: nil) },
            rows: { filter in [ListCarrier.message(filter == "ENABLE" ? [keys[2]] : [])] })
        let report = try await carrier.refresh(scope)
        #expect(report.isWhole)
        let after = try await store.records(keys)
        #expect(after[0]?.service == .notOnAccount && after[0]?.observation?.state == .downloadedEnabled)
        #expect(after[1]?.service == .active && after[1]?.hint?.kind == .unclearRecords)
        #expect(after[2]?.observation?.state == .downloadedEnabled)
        #expect(report.accounts[0].gone == 1)
        // Those that no status names are asked for by name, in case they have one that is no filter.
        #expect(carrier.questions.last == ListCarrier.Question(filter: nil, devices: 2))
        let fleet = try await Fleets.fleet(try Fleets.yaml(1, rollout: Fleets.quick))
        let plan = Planner(now: clock.now()).plan(
            desired: fleet, known: try await store.read { try $0.knownFleet() })
        #expect(plan.exceptions.map(\.reason) == [.blocked(.notOnAccount)])
    }

    @Test("a failed v1 list proves nothing by absence, and what the v2 lists tell is taken all the same")
    func v1Failed() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<2).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            [keys[0]: .downloadedEnabled, keys[1]: .downloadedEnabled], in: folder)
        let carrier = ListCarrier(
            store, clock,
            page: { _ throws(CarrierError) in
                throw .refused(
                    CarrierRefusal(classification: .invalidRequest, code: nil, message: "", explanation: "Not for you.")
                )
            }, rows: { filter in [ListCarrier.message(filter == "DISABLE" ? [keys[0]] : [])] })
        let report = try await carrier.refresh(scope)
        #expect(!report.isWhole && !report.hasLateLists)
        let after = try await store.records(keys)
        #expect(after[0]?.observation?.state == .downloadedDisabled)
        #expect(after[1]?.service == .active && after[1]?.observation?.state == .downloadedEnabled)
    }

    @Test("answers that contradict each other about most of an account are not believed at all")
    func wholesale() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<40).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            Dictionary(uniqueKeysWithValues: keys.map { ($0, .downloadedEnabled) }), in: folder)
        // A carrier that does not heed the filter answers each question with everything.
        let carrier = ListCarrier.v2Only(store, clock) { _ in [ListCarrier.message(keys)] }
        let before = try await store.records(keys)
        let report = try await carrier.refresh(scope, lists: ListChoice(v1: false))
        #expect(!report.isWhole)
        #expect(
            report.accounts[0].problems.contains { $0.contains("40 of 40 devices") }, "\(report.accounts[0].problems)")
        #expect(try await store.records(keys) == before)
    }

    @Test("a carrier that does not heed the filter and whose rows tell the status is read by what they tell")
    func filterNotHeeded() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<40).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(in: folder)
        let carrier = ListCarrier.v2Only(store, clock) { _ in [ListCarrier.message(keys, status: "DISABLE")] }
        #expect(try await carrier.refresh(scope, lists: ListChoice(v1: false)).isWhole)
        #expect(try await store.records(keys).allSatisfy { $0?.observation?.state == .downloadedDisabled })
    }

    @Test("an answer that says of itself that more follows is read with what follows")
    func parts() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<2).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(in: folder)
        let carrier = ListCarrier.v2Only(store, clock) { filter in
            filter == "ENABLE"
                ? [ListCarrier.message([keys[0]], isPart: true), ListCarrier.message([keys[1]])]
                : [ListCarrier.message([])]
        }
        #expect(try await carrier.refresh(scope, lists: ListChoice(v1: false)).isWhole)
        #expect(try await store.records(keys).allSatisfy { $0?.observation?.state == .downloadedEnabled })
        let half = ListCarrier.v2Only(store, clock) { filter in
            [ListCarrier.message([keys[0]], isPart: filter == "ENABLE")]
        }
        let report = try await half.refresh(scope, lists: ListChoice(v1: false), timeout: .milliseconds(200))
        #expect(report.hasLateLists, "a part alone is no answer")
    }

    @Test("only the declared devices are asked for if that is wanted, 50 in a request, first without a filter")
    func onlyDeclared() async throws {
        let folder = try TemporaryFolder()
        let stranger = try Fleets.key(500)
        let store = try await SQLiteStore.knowing([stranger: .downloadedEnabled], in: folder)
        let fleet = try await Fleets.fleet(try Fleets.yaml(120, rollout: Fleets.quick))
        let keys = fleet.devices.map(\.key)
        let carrier = ListCarrier.v2Only(store, clock) { filter in
            [ListCarrier.message(filter == nil ? keys : [], status: "DISABLE")]
        }
        let before = try await store.records([stranger])
        let report = try await carrier.refresh(
            RefreshScope(fleet, isLimitedToDeclared: true), lists: ListChoice(v1: false))
        #expect(report.isWhole)
        #expect(carrier.questions.map(\.devices) == [50, 50, 20])
        #expect(carrier.questions.allSatisfy { $0.filter == nil })
        #expect(try await store.records(keys).allSatisfy { $0?.observation?.state == .downloadedDisabled })
        #expect(try await store.records([stranger]) == before, "it was not asked for")
    }

    @Test("a device that is declared for another account than the one that has it is blocked")
    func otherAccount() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore.knowing(in: folder)
        let key = try Fleets.key(1)
        let other = """
            ---
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: other}
            defaults: {accountName: other-00001, smsrOid: \(Fleets.smsr), state: downloaded-enabled}
            devices: [{eid: "\(key.eid)", iccid: "\(key.iccid)"}]
            """
        let fleet = try await Fleets.fleet(try Fleets.yaml(1, rollout: Fleets.quick) + other)
        // It is on the account of the first set, and the rows say so.
        let row = try #require(try ListCarrier.row(key, status: "ENABLE"))
        let carrier = ListCarrier(
            store, clock, page: { _ in AccountDevicePage(rows: [row], next: nil) }, owner: Fleets.account)
        _ = try await carrier.refresh(RefreshScope(fleet), lists: ListChoice(v2: false))
        let record = try #require(try await store.records([key])[0])
        #expect(record.service == .notOnAccount)
        #expect(record.observation == nil)
    }
}
