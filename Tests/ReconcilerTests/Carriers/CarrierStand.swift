import Foundation
import Simulator
import Testing

@testable import Reconciler

/// A simulated carrier, a store, and one callback server that stands for all of the runs upon them.
struct CarrierStand: Sendable {
    let simulator: Simulator
    let store: SQLiteStore
    private let carrier: ThingSpaceClient
    private let wakeup: Wakeup

    /// Options under which a run meets everything within moments. A carrier that carries something out late does so before
    /// the next attempt is due.
    static let policy = ConvergencePolicy(
        callbackDeadline: .milliseconds(800), enableAfter: .milliseconds(500), retryDelay: .milliseconds(400),
        maximumAttempts: 4, recordsLag: .milliseconds(400))
    static let lookupTimeout = Duration.milliseconds(1200)

    static func with<Result: Sendable>(
        _ inventory: [SimulatedDevice], _ options: SimulatorOptions, _ store: SQLiteStore,
        _ work: @escaping @Sendable (CarrierStand) async throws -> Result
    ) async throws -> Result {
        let wakeup = Wakeup()
        return try await Harness.withSimulator(inventory, options) { simulator, baseURL in
            try await Harness.withListener(store, wakeup: wakeup, policy: policy) { url in
                let client = HTTPTransport.makeClient()
                let carrier = ThingSpaceClient(
                    baseURL: try BaseURL(baseURL), credentials: Harness.credentials(),
                    ledger: StoredSignInLedger(store: store, clock: SystemClock()), client: client,
                    clock: SystemClock())
                let result: Swift.Result<Result, any Error>
                do {
                    try await carrier.registerCallback(
                        url: url, credentials: Harness.callbackCredentials, for: Fleets.account)
                    result = .success(
                        try await work(
                            CarrierStand(simulator: simulator, store: store, carrier: carrier, wakeup: wakeup)))
                } catch {
                    result = .failure(error)
                }
                try await client.shutdown()
                return try result.get()
            }
        }
    }

    func apply(
        _ goal: ApplyGoal, timeout: Duration, retryFailed: Bool = false, lookupTimeout: Duration = lookupTimeout
    ) async throws -> ApplyReport {
        let options = ApplyOptions(
            policy: Self.policy, lookupTimeout: lookupTimeout, timeout: timeout, retryFailed: retryFailed,
            largeChanges: .allow, pollInterval: .milliseconds(100),
            backOff: BackOff(first: .milliseconds(200), longest: .seconds(1)))
        return try await ApplyRun(
            goal: goal, store: store, carrier: carrier, clock: SystemClock(), wakeup: wakeup, options: options,
            stop: StopSwitch(wakeup: wakeup)
        ).run { _ in }
    }

    /// Reads the carrier's records.
    func refresh(_ fleet: DesiredFleet) async throws -> RefreshReport {
        let scope = RefreshScope(fleet)
        return try await RefreshRun(
            scope: scope, store: store, carrier: carrier,
            pacer: RequestPacer(store: store, clock: SystemClock(), rates: scope.requestRates(elsewhere: 1000)),
            clock: SystemClock(), wakeup: wakeup,
            options: RefreshOptions(
                policy: Self.policy, timeout: .seconds(30), pollInterval: .milliseconds(100),
                requestsPerSecond: 1000, maxChange: 100, allowsLargeChange: true),
            stop: StopSwitch(wakeup: wakeup), command: "refresh"
        ).run { _ in }.report
    }

    /// Waits until the carrier has nothing more to say, and all that it has said was read.
    func settle() async throws { try await Self.settle(simulator, store, wakeup) }

    static func settle(_ simulator: Simulator, _ store: SQLiteStore, _ wakeup: Wakeup) async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: wakeup, pollInterval: .milliseconds(20))
        let isSettled = try await waiter.wait(until: SystemClock().now() + .seconds(60)) { () async throws -> Bool? in
            let unread = try await store.read { try $0.unreadCallbacks(limit: 1) }
            return await simulator.isQuiet && unread.isEmpty ? true : nil
        }
        try #require(isSettled == true, "the carrier has more to say after a minute")
    }
}

/// How the carrier and the store are as a run begins.
struct CarrierStart: Sendable {
    var inventory: [SimulatedDevice]
    /// The files of the store, by what stands behind its path; none for a fresh store.
    var store: [String: Data] = [:]
    /// What has happened since the store was written.
    var changes: [CarrierChange] = []

    /// Ten devices on eight cards: of the two profiles on each of the last two cards one is to be enabled.
    static let deviceCount = 10

    static func fleet() async throws -> DesiredFleet { try await Fleets.fleet(yaml(devices: 0..<deviceCount)) }

    static func yaml(devices: Range<Int>) throws -> String {
        var yaml = try Fleets.yaml(0, rollout: "rollout: {requestsPerSecond: 1000, maxChange: 100%, batchSize: 6}")
        for number in devices {
            // Some messages name a device by its IMEI, which is that of the whole card.
            let imei = number < 3 ? ", imei: \"\(350_000_000_000_000 + number)\"" : ""
            let state = isToBeEnabled(number) ? "downloaded-enabled" : "downloaded-disabled"
            yaml +=
                "  - {eid: \"\(try Fleets.eid(card(of: number)))\", iccid: \"\(try Fleets.iccid(number))\"\(imei), "
                + "state: \(state)}\n"
        }
        return yaml
    }

    static func card(of device: Int) -> Int { device < 6 ? device : 6 + (device - 6) / 2 }
    static func isToBeEnabled(_ device: Int) -> Bool { device < 4 || device == 6 || device == 8 }

    /// For a cell.
    static func of(_ store: CarrierCell.StoreKind) async throws -> CarrierStart {
        switch store {
        case .empty:
            // A person has dealt with some of the devices, on the last card with the wrong profile.
            try await fresh([1: "ENABLE", 2: "DISABLE", 4: "ENABLE", 9: "ENABLE"])
        case .otherMachine:
            try await fresh([
                1: "DOWNLOAD_ENABLE", 2: "DOWNLOAD_ENABLE", 3: "ENABLE", 4: "DOWNLOAD_DISABLE", 5: "DISABLE",
                6: "DOWNLOAD_ENABLE", 7: "DISABLE", 9: "DOWNLOAD_DISABLE",
            ])
        case .warm: try await warm.value
        case .restored: try await restored.value
        }
    }

    private static func fresh(_ states: [Int: String]) async throws -> CarrierStart {
        var inventory = Harness.inventory(try await fleet())
        for (number, status) in states { try set(status, number, in: &inventory) }
        return CarrierStart(inventory: inventory)
    }

    private static func set(_ status: String, _ number: Int, in inventory: inout [SimulatedDevice]) throws {
        let iccid = try Fleets.iccid(number).description
        for index in inventory.indices where inventory[index].iccid == iccid { inventory[index].profileStatus = status }
    }

    /// A run has converged most of the devices with a healthy carrier, and people have changed some of them since.
    private static let warm = Task {
        try await made { stand, path in
            let part = try await Fleets.fleet(yaml(devices: 0..<8))
            try #require(try await stand.apply(.fleet(part), timeout: .seconds(60)).ending == .settled)
            try await stand.settle()
            let store = try contents(of: path)
            for (number, status) in [(0, "DELETE"), (1, "DISABLE"), (5, "ENABLE")] {
                await stand.simulator.set(profileStatus: status, iccid: try Fleets.iccid(number).description)
            }
            return (store, Set(try [0, 1, 5].map { try Fleets.eid(card(of: $0)) }))
        }
    }

    /// A copy of the store is put back of before most of the downloads. One profile was disabled since.
    private static let restored = Task {
        try await made { stand, path in
            let fleet = try await fleet()
            let report = try await stand.refresh(fleet)
            let problems = report.accounts.flatMap(\.problems)
            try #require(problems == [])
            let part = try await Fleets.fleet(yaml(devices: 0..<2))
            try #require(try await stand.apply(.fleet(part), timeout: .seconds(60)).ending == .settled)
            try await stand.settle()
            let store = try contents(of: path)
            try #require(try await stand.apply(.fleet(fleet), timeout: .seconds(60)).ending == .settled)
            try await stand.settle()
            await stand.simulator.set(profileStatus: "DISABLE", iccid: try Fleets.iccid(2).description)
            return (store, Set(fleet.devices.map(\.key.eid)))
        }
    }

    /// - Parameter work: gives the files of the store, and the cards that have changed since they were kept.
    private static func made(
        _ work: @escaping @Sendable (CarrierStand, _ path: String) async throws -> ([String: Data], Set<EID>)
    ) async throws -> CarrierStart {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        return try await CarrierStand.with(Harness.inventory(try await fleet()), Harness.quickCarrier, store) { stand in
            let (files, cards) = try await work(stand, path)
            return CarrierStart(
                inventory: await stand.simulator.devices, store: files,
                changes: [CarrierChange(at: SystemClock().now(), cards: cards)])
        }
    }

    /// What a backup of the folder holds while nobody writes.
    private static func contents(of path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
            files[suffix] = try Data(contentsOf: URL(fileURLWithPath: path + suffix))
        }
        return files
    }
}

/// Something that was done to cards behind the back of a run and of its store.
struct CarrierChange: Sendable {
    /// When it was done with.
    let at: Timestamp
    let cards: Set<EID>
}
