import Foundation
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// Runs one cell, and finds out what it has come to.
struct CarrierRun: Sendable {
    let cell: CarrierCell
    private let folder: TemporaryFolder
    private let start: CarrierStart
    private let fleet: DesiredFleet
    private let store: SQLiteStore

    /// How long a run may take.
    private static let timeout = Duration.seconds(4)
    /// The time after which a run is said not to end by itself; long enough for a busy machine.
    private static let patience = Duration.seconds(90)
    /// How long a controller is let run that does not reach its goal.
    private static let servingTime = Duration.seconds(5)

    static func run(_ cell: CarrierCell) async throws -> CarrierOutcome {
        let start = try await CarrierStart.of(cell.store)
        return try await SimulatorSeats.take { try await CarrierRun(cell, start, await CarrierStart.fleet()).run() }
    }

    private init(_ cell: CarrierCell, _ start: CarrierStart, _ fleet: DesiredFleet) throws {
        self.cell = cell
        self.fleet = fleet
        folder = try TemporaryFolder()
        for (suffix, data) in start.store { try folder.write("state.db" + suffix, data) }
        store = try SQLiteStore(path: folder.path + "/state.db")
        var start = start
        if cell.changes > 0 { try Self.changeAtFirst(&start, seed: cell.seed) }
        self.start = start
    }

    /// People have changed some of the devices before, too.
    private static func changeAtFirst(_ start: inout CarrierStart, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed ^ 0xC0FFEE)
        var cards: Set<EID> = []
        for index in start.inventory.indices where Int.random(in: 0..<4, using: &random) == 0 {
            let device = start.inventory[index]
            let hasNeighbour = start.inventory.contains { $0.eid == device.eid && $0.iccid != device.iccid }
            let words = ["Not Downloaded", "DELETE", "DISABLE", "DOWNLOAD_DISABLE"]
            let word = hasNeighbour ? words : words + ["ENABLE", "DOWNLOAD_ENABLE"]
            start.inventory[index].profileStatus = word.randomElement(using: &random) ?? "DISABLE"
            cards.insert(try #require(EID(device.eid)))
        }
        start.changes.append(CarrierChange(at: SystemClock().now(), cards: cards))
    }

    private func run() async throws -> CarrierOutcome {
        let startedAt = SystemClock().now()
        let part: Part =
            switch cell.run {
            case .apply, .savedPlan: try await apply()
            case .serve: try await serve()
            }
        var outcome = try await outcome(part, startedAt: startedAt)
        try await recover(part, &outcome)
        return outcome
    }

    // MARK: Runs

    /// What a run leaves behind.
    fileprivate struct Part: Sendable {
        var devices: [SimulatedDevice] = []
        var counts: SimulatorCounts?
        var reasons: [String] = []
        /// Devices that the run names.
        var named: Set<DeviceKey> = []
        var saysDone = false
        var endedByItself = true
        var changes: [CarrierChange] = []
    }

    /// As an operator would: once more if something is left to be done.
    private func apply() async throws -> Part {
        try await CarrierStand.with(start.inventory, cell.carrier, store) { stand in
            let goal = try await goal()
            let log = ChangeLog()
            var part = Part()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await changeByPeople(stand.simulator, log) }
                for _ in 0..<2 {
                    let report = try await inTime { try await stand.apply(goal, timeout: Self.timeout) }
                    try await stand.settle()
                    part.take(report)
                    let isDone = await stand.isAsDesired(fleet)
                    if report == nil || part.saysDone && isDone { break }
                }
                group.cancelAll()
            }
            try await stand.settle()
            part.changes = log.changes
            part.devices = await stand.simulator.devices
            part.counts = await stand.simulator.counts
            return part
        }
    }

    private func goal() async throws -> ApplyGoal {
        guard cell.run == .savedPlan else { return .fleet(fleet) }
        let plan = Planner(now: SystemClock().now()).plan(
            desired: fleet, known: try await store.read { try $0.knownFleet() })
        let path = folder.path + "/change.plan"
        try PlanFile.write(plan, to: path, toolVersion: "1")
        return .savedPlan(try PlanFile.read(path))
    }

    private func serve() async throws -> Part {
        try folder.write("fleet/fleet.yaml", try CarrierStart.yaml(devices: 0..<CarrierStart.deviceCount))
        return try await Harness.withSimulator(start.inventory, cell.carrier) { simulator, baseURL in
            var settings = Settings()
            settings.baseURL = baseURL
            settings.callbackListen = "127.0.0.1:0"
            settings.register = .auto
            settings.policy = CarrierStand.policy
            settings.drainTimeout = .seconds(10)
            var options = ControllerScene.quick
            options.refreshInterval = .seconds(1)
            options.listTimeout = CarrierStand.lookupTimeout
            let controller = Controller(
                origin: WatchedManifests(paths: [folder.path + "/fleet"]), isStrict: false, settings: settings,
                options: options, carrierCredentials: Harness.credentials(),
                callbackCredentials: Harness.callbackCredentials, store: store, clock: SystemClock(),
                logger: Harness.quiet)
            let (stop, log) = (Wakeup(), ChangeLog())
            var part = Part()
            let ended: Bool? = try await inTime {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await controller.run(until: stop, reload: Wakeup()) }
                    group.addTask {
                        defer { stop.notify() }
                        try await changeByPeople(simulator, log)
                        try await letServe(controller, simulator)
                    }
                    try await group.waitForAll()
                }
                return true
            }
            part.endedByItself = ended != nil
            part.take(controller.board.current)
            part.changes = log.changes
            part.devices = await simulator.devices
            part.counts = await simulator.counts
            return part
        }
    }

    /// Waits until all is as desired and the carrier has nothing more to say, or the time is over.
    private func letServe(_ controller: Controller, _ simulator: Simulator) async throws {
        let board = controller.board
        let waiter = StateWaiter(clock: SystemClock(), wakeup: board.changes, pollInterval: .milliseconds(100))
        _ = try await waiter.wait(until: SystemClock().now() + Self.servingTime) { () async throws -> Bool? in
            let status = board.current
            guard status.hasFleet, status.devices > 0, status.converged == status.devices else { return nil }
            let (isQuiet, devices) = (await simulator.isQuiet, await simulator.devices)
            return isQuiet && fleet.isAsDesired(devices) ? true : nil
        }
        // What is under way when it is over is no matter of this.
        try await CarrierStand.settle(simulator, store, Wakeup())
    }

    /// - Returns: `nil` if the work does not end.
    private func inTime<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    // MARK: People

    private final class ChangeLog: Sendable {
        private let log = Mutex<[CarrierChange]>([])
        var changes: [CarrierChange] { log.withLock { $0 } }
        func add(_ change: CarrierChange) { log.withLock { $0.append(change) } }
    }

    /// People change devices at moments drawn from the seed, some of them in a way that is announced to us.
    private func changeByPeople(_ simulator: Simulator, _ log: ChangeLog) async throws {
        var random = SeededGenerator(seed: cell.seed ^ 0xBEEF)
        for _ in 0..<cell.changes {
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...500, using: &random)))
            let iccids = Set(await simulator.changeByPeople(announced: Bool.random(using: &random)))
            let cards = Set(fleet.devices.map(\.key).filter { iccids.contains($0.iccid.description) }.map(\.eid))
            log.add(CarrierChange(at: SystemClock().now(), cards: cards))
        }
    }

    // MARK: Findings

    private func findings(_ devices: [SimulatedDevice], since startedAt: Timestamp) async throws -> [CarrierFinding] {
        let keys = fleet.devices.map(\.key)
        let records = try await store.read { try $0.devices(keys) }
        let known = try await store.read { try $0.knownFleet() }
        let plan = Planner(now: SystemClock().now(), evidence: EvidenceRule(since: startedAt)).plan(
            desired: fleet, known: known)
        let exceptions = Dictionary(
            plan.exceptions.map { ($0.key, "\($0.reason.name): \($0.reason.explanation)") }
        ) { first, _ in first }
        let toChange = Set(plan.actions.map(\.key))
        let truth = Dictionary(
            devices.map { ($0.iccid, ProfileState(profileStatus: $0.profileStatus)) }
        ) { first, _ in first }
        return fleet.devices.map { device in
            CarrierFinding(
                key: device.key, desired: device.state.profileState,
                truth: truth[device.key.iccid.description] ?? .unknown, record: records[device.key],
                exception: exceptions[device.key], isToChange: toChange.contains(device.key))
        }
    }

    private func outcome(_ part: Part, startedAt: Timestamp) async throws -> CarrierOutcome {
        var findings = try await findings(part.devices, since: startedAt)
        for index in findings.indices { findings[index].isNamed = part.named.contains(findings[index].key) }
        return CarrierOutcome(
            cell: cell, startedAt: startedAt, findings: findings, counts: try #require(part.counts),
            reasons: part.reasons + findings.compactMap(\.exception), saysDone: part.saysDone,
            endedByItself: part.endedByItself, changes: start.changes + part.changes)
    }

    /// Reads the records once more, of a carrier that is healthy now, and applies once more.
    private func recover(_ part: Part, _ outcome: inout CarrierOutcome) async throws {
        let startedAt = SystemClock().now()
        let (devices, repeated) = try await CarrierStand.with(part.devices, Harness.quickCarrier, store) { stand in
            _ = try await stand.refresh(fleet)
            _ = try await stand.apply(
                .fleet(fleet), timeout: .seconds(10), retryFailed: true, lookupTimeout: .seconds(10))
            try await stand.settle()
            return (await stand.simulator.devices, await stand.simulator.counts.repeatedDownloads)
        }
        outcome.recovery = try await findings(devices, since: startedAt)
        outcome.recoveryDownloads = repeated
    }
}

extension CarrierRun.Part {
    /// - Parameter report: `nil` if the run has not ended.
    fileprivate mutating func take(_ report: ApplyReport?) {
        guard let report else {
            endedByItself = false
            return
        }
        reasons = report.stoppedAccounts.values.map { $0 } + report.remarks
        if case .stopped(let reason) = report.ending { reasons.append(reason) }
        named = Set(report.exceptions.map(\.key) + report.moved.map(\.key))
        saysDone = report.ending == .settled && report.stoppedAccounts.isEmpty
    }

    fileprivate mutating func take(_ status: ControllerStatus) {
        let accounts = status.accounts.flatMap { account in
            [account.stopped, account.refreshProblem, account.registrationProblem, account.silence].compactMap(\.self)
        }
        reasons = accounts + [status.problem?.text].compactMap(\.self)
        saysDone = status.devices > 0 && status.converged == status.devices
    }
}

extension CarrierStand {
    fileprivate func isAsDesired(_ fleet: DesiredFleet) async -> Bool {
        fleet.isAsDesired(await simulator.devices)
    }
}

extension DesiredFleet {
    /// Whether the carrier has all of its devices in the state that they are to have.
    func isAsDesired(_ inventory: [SimulatedDevice]) -> Bool {
        let truth = Dictionary(
            inventory.map { ($0.iccid, ProfileState(profileStatus: $0.profileStatus)) }
        ) { first, _ in first }
        return devices.allSatisfy { truth[$0.key.iccid.description] == $0.state.profileState }
    }
}
