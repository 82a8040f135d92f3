import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Refreshing against the simulator")
struct RefreshSessionTests {
    private func options(_ change: (inout SimulatorOptions) -> Void = { _ in }) -> SimulatorOptions {
        var options = Harness.quickCarrier
        change(&options)
        return options
    }

    private func plan(_ fleet: DesiredFleet, _ store: any StateStore) async throws -> Plan {
        Planner(now: SystemClock().now()).plan(desired: fleet, known: try await store.read { try $0.knownFleet() })
    }

    /// How devices can be at the carrier, and what a refresh makes of them.
    private static let states: [(String, ProfileState)] = [
        ("Not Downloaded", .notDownloaded), ("DOWNLOAD_ENABLE", .downloadedEnabled), ("ENABLE", .downloadedEnabled),
        ("DOWNLOAD_DISABLE", .downloadedDisabled), ("DISABLE", .downloadedDisabled), ("DELETE", .deleted),
        ("UNKNOWN", .unknown),
    ]

    @Test(
        "every profile status of a whole account becomes known, whether the rows tell it or only the filter",
        arguments: [true, false])
    func wholeAccount(rowsTell: Bool) async throws {
        let port = Harness.port()
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(70, rollout: Fleets.quick, imeis: true))
        var inventory = Harness.inventory(fleet)
        for index in inventory.indices { inventory[index].profileStatus = Self.states[index % 7].0 }
        inventory[0].state = "Suspend"
        let simulatorOptions = options { $0.listsProfileStatus = rowsTell }
        try await Harness.withSimulator(inventory, simulatorOptions) { simulator, baseURL in
            let scope = RefreshScope(accounts: [Fleets.account])
            let report = try await Harness.refresh(scope, from: baseURL, store: store, port: port)
            #expect(report.isWhole, "\(report.accounts.flatMap(\.problems))")
            #expect(report.accounts[0].devices == 70 && report.accounts[0].added == 70)
            #expect(await simulator.counts.acceptedRequests == ["device_list": 7], "once for each status")
            let keys = fleet.devices.map(\.key)
            let records = try await store.read { try $0.devices(keys) }
            for (index, key) in keys.enumerated() {
                let state = Self.states[index % 7].1
                #expect(records[key]?.observation?.state == (state == .unknown ? nil : state))
                #expect(records[key]?.hint?.kind == (state == .unknown ? .unclearRecords : nil))
                if state != .unknown { #expect(records[key]?.observation?.source == .deviceListV2) }
                #expect(records[key]?.service == (index == 0 ? .suspended : .active))
                #expect(records[key]?.imei == fleet.devices[index].imei)
            }
            let versions = records.mapValues(\.version)
            _ = try await Harness.refresh(scope, from: baseURL, store: store, port: port)
            let again = try await store.read { try $0.devices(keys) }
            for (key, record) in again where record.hint == nil {
                #expect(record.version == versions[key], "nothing has moved")
            }
        }
    }

    @Test("a status that is no filter is found by asking once more without one")
    func statusWithoutFilter() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(3, rollout: Fleets.quick))
        var inventory = Harness.inventory(fleet)
        inventory[1].profileStatus = "none"
        try await Harness.withSimulator(inventory, options()) { _, baseURL in
            _ = try await Harness.refresh(RefreshScope(fleet), from: baseURL, store: store)
            let key = fleet.devices[1].key
            #expect(try await store.read { try $0.devices([key])[key]?.observation?.state } == .downloadedDisabled)
        }
    }

    @Test("without the v2 list nobody has to listen, and existence and the state of the line are told")
    func v1Alone() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(4, rollout: Fleets.quick))
        for tellsStatus in [false, true] {
            var inventory = Harness.inventory(fleet)
            inventory[0].state = "Suspend"
            inventory[1].profileStatus = "ENABLE"
            inventory.removeLast()
            let simulatorOptions = options {
                $0.listsProfileStatusInV1 = tellsStatus
                $0.offersListV2 = false
            }
            try await Harness.withSimulator(inventory, simulatorOptions) { simulator, baseURL in
                let report = try await Harness.refresh(
                    RefreshScope(fleet), from: baseURL, store: store, lists: ListChoice(v2: false), register: .check)
                #expect(report.isWhole)
                #expect(await simulator.counts.callbacksSent == 0)
                let plan = try await plan(fleet, store)
                #expect(plan.exceptions.map(\.reason) == [.blocked(.suspended), .blocked(.notOnAccount)])
                #expect(plan.convergedCount == (tellsStatus ? 1 : 0))
                #expect(plan.actions.summary().unverified == (tellsStatus ? 1 : 2), "a download is looked up first")
            }
        }
    }

    @Test("a list that is never answered is said so, and changes nothing")
    func droppedAnswer() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(5, rollout: Fleets.quick))
        var inventory = Harness.inventory(fleet)
        for index in inventory.indices { inventory[index].profileStatus = "ENABLE" }
        let full = inventory
        try await Harness.withSimulator(full, options()) { _, baseURL in
            let report = try await Harness.refresh(RefreshScope(fleet), from: baseURL, store: store)
            #expect(report.isWhole)
        }
        let keys = fleet.devices.map(\.key)
        let before = try await store.read { try $0.devices(keys) }
        try await Harness.withSimulator(Array(full.dropLast()), options { $0.listDropRate = 0.5 }) {
            simulator, baseURL in
            _ = await simulator.drift(3, to: "DISABLE")
            let report = try await Harness.refresh(
                RefreshScope(fleet), from: baseURL, store: store, timeout: .milliseconds(500))
            #expect(await simulator.counts.listsDropped > 0)
            #expect(report.hasLateLists)
        }
        #expect(try await store.read { try $0.devices(keys) } == before)
    }

    @Test("what is changed behind our back is found, told as drift with its time and by whom, and corrected")
    func drift() async throws {
        let port = Harness.port()
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let rollout = "rollout: {requestsPerSecond: 1000, maxChange: 100%}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(30, rollout: rollout))
        try await Harness.withSimulator(Harness.inventory(fleet), options()) { simulator, baseURL in
            #expect(try await Harness.apply(fleet, to: baseURL, store: store, port: port).converged == 30)
            #expect(try await Harness.refresh(RefreshScope(fleet), from: baseURL, store: store, port: port).isWhole)
            let startedAt = SystemClock().now()
            let hidden = await simulator.drift(6, to: "DISABLE")
            #expect(try await plan(fleet, store).isConverged, "nobody has told")
            let report = try await Harness.refresh(
                RefreshScope(fleet), from: baseURL, store: store, port: port)
            #expect(report.isWhole, "\(report.accounts.flatMap(\.problems))")
            #expect(report.accounts[0].changed == 6)
            let plan = try await plan(fleet, store)
            #expect(plan.drifts.map(\.key.iccid.description).sorted() == hidden)
            #expect(plan.actions.map(\.action) == Array(repeating: .enable, count: 6))
            for drift in plan.drifts {
                #expect(drift.was == .downloadedEnabled && drift.isNow == .downloadedDisabled)
                #expect(drift.profileStatus == "DISABLE")
                #expect(drift.since.map { $0 >= startedAt } == true)
                #expect(drift.lastSeenAsDesired.map { $0 <= startedAt } == true)
                #expect(drift.source == .deviceListV2 && drift.foreignRequest == nil)
            }
            let applied = try await Harness.apply(fleet, to: baseURL, store: store, port: port)
            #expect(applied.ending == .settled)
            #expect(try await self.plan(fleet, store).drifts.isEmpty)
        }
    }

    @Test("what another system has asked for is drift by its request")
    func announced() async throws {
        let port = Harness.port()
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(12, rollout: "rollout: {requestsPerSecond: 1000}"))
        try await Harness.withSimulator(Harness.inventory(fleet), options()) { simulator, baseURL in
            #expect(try await Harness.apply(fleet, to: baseURL, store: store, port: port).converged == 12)
            try await Harness.withListener(store, port: port) { _ in
                let told = await simulator.drift(3, to: "DISABLE", announced: true)
                let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
                let doubts = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                    let doubts = try await plan(fleet, store).exceptions
                    return doubts.count == 3 ? doubts : nil
                }
                let found = try #require(doubts)
                #expect(found.map(\.key.iccid.description).sorted() == told)
                #expect(found.allSatisfy { $0.reason.name == "to be looked up" })
            }
            let scope = RefreshScope(fleet)
            #expect(try await Harness.refresh(scope, from: baseURL, store: store, port: port).isWhole)
            let drifts = try await plan(fleet, store).drifts
            #expect(drifts.count == 3)
            #expect(drifts.allSatisfy { $0.source == .deviceListV2 && $0.foreignRequest != nil })
        }
    }

    @Test("a device that the account has no more is blocked, and comes back when it has it again")
    func gone() async throws {
        let port = Harness.port()
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(5, rollout: Fleets.quick))
        var inventory = Harness.inventory(fleet)
        for index in inventory.indices { inventory[index].profileStatus = "ENABLE" }
        try await Harness.withSimulator(inventory, options()) { simulator, baseURL in
            let scope = RefreshScope(fleet)
            _ = try await Harness.refresh(scope, from: baseURL, store: store, port: port)
            #expect(try await plan(fleet, store).isConverged)
            let iccid = fleet.devices[2].key.iccid.description
            await simulator.set(isOnAccount: false, iccid: iccid)
            let report = try await Harness.refresh(scope, from: baseURL, store: store, port: port)
            #expect(report.isWhole && report.accounts[0].gone == 1)
            #expect(try await plan(fleet, store).exceptions.map(\.reason) == [.blocked(.notOnAccount)])
            await simulator.set(isOnAccount: true, iccid: iccid)
            _ = try await Harness.refresh(scope, from: baseURL, store: store, port: port)
            #expect(try await plan(fleet, store).isConverged)
        }
    }

    @Test(
        "through 429, lost connections and ended tokens a refresh reads everything", arguments: [1, 2, 3] as [UInt64])
    func faults(seed: UInt64) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(20, rollout: Fleets.quick))
        var inventory = Harness.inventory(fleet)
        for index in inventory.indices { inventory[index].profileStatus = "ENABLE" }
        let simulatorOptions = options {
            $0.seed = seed
            $0.faultRate = 0.4
            $0.faults = [
                .closedBefore, .closedAfter, .errorBefore, .errorAfter, .truncated, .cutOff, .pageBefore, .unavailable,
                .bearerWrong, .sessionExpired,
            ]
            $0.retryAfter = 0
        }
        try await Harness.withSimulator(inventory, simulatorOptions) { simulator, baseURL in
            let report = try await Harness.refresh(RefreshScope(fleet), from: baseURL, store: store)
            let counts = await simulator.counts
            // A call may fail more often than it is repeated; then that is said, and nothing is concluded.
            if report.isWhole {
                #expect(try await plan(fleet, store).convergedCount == 20, "seed \(seed), \(counts.faults)")
            } else {
                #expect(!report.accounts[0].problems.isEmpty)
            }
            #expect(try await plan(fleet, store).exceptions.isEmpty, "seed \(seed): none is thought to be gone")
            #expect(counts.refusedLogins == 0)
        }
    }

    @Test("a refused sign-in ends the refresh with a sentence")
    func refusedSignIn() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let scope = RefreshScope(accounts: [Fleets.account])
        let fleet = try await Fleets.fleet(try Fleets.yaml(1, rollout: Fleets.quick))
        try await Harness.withSimulator(Harness.inventory(fleet), options()) { _, baseURL in
            _ = await #expect(throws: CarrierError.self) {
                _ = try await Harness.refresh(
                    scope, from: baseURL, store: store, lists: ListChoice(v2: false),
                    credentials: Harness.credentials(password: "wrong"))
            }
        }
        await #expect(throws: SettingsError.self) {
            _ = try await Harness.refresh(
                scope, from: "http://127.0.0.1:1/api", store: store, lists: ListChoice(v1: false, v2: false))
        }
    }

    @Test("apply looks devices up in the v1 list where an account has no v2 list", arguments: [false, true])
    func applyWithoutV2(tellsStatus: Bool) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let rollout = "rollout: {requestsPerSecond: 1000, waves: [20, 100%]}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(80, rollout: rollout))
        var inventory = Harness.inventory(fleet)
        inventory[0].state = "Suspend"
        if tellsStatus {
            for index in 1..<40 { inventory[index].profileStatus = "ENABLE" }
        }
        inventory.removeLast()
        let simulatorOptions = options {
            $0.offersListV2 = false
            $0.listsProfileStatusInV1 = tellsStatus
        }
        try await Harness.withSimulator(inventory, simulatorOptions) { simulator, baseURL in
            let report = try await Harness.apply(fleet, to: baseURL, store: store)
            #expect(report.blocked == 2 && report.failed == 0, "\(report.exceptions.map(\.reason.explanation))")
            let counts = await simulator.counts
            #expect(counts.repeatedDownloads == 0)
            // Where no list says how profiles are, nothing is sent: that would be a person's decision.
            #expect(counts.acceptedDevices["download_enable"] == (tellsStatus ? 39 : nil))
            #expect(counts.refusedRequests == 0, "the suspended and the missing one were never asked for")
            guard !tellsStatus else { return #expect(report.ending == .settled) }
            guard case .stopped(let reason) = report.ending else { return #expect(Bool(false), "\(report.ending)") }
            #expect(reason.contains("--verify trust"))
        }
    }
}
