import Foundation
import Simulator
import Synchronization

@testable import Reconciler

/// A controller over a folder of manifests, with a simulator for carrier.
struct ControllerScene: Sendable {
    let simulator: Simulator
    let controller: Controller
    let store: SQLiteStore
    let folder: TemporaryFolder
    let reload: Wakeup
    private let stop: Wakeup

    /// Options under which a test sees everything within moments.
    static var quick: ControllerOptions {
        ControllerOptions(
            manifestInterval: .milliseconds(50), refreshInterval: .seconds(3600), listTimeout: .seconds(20),
            idleInterval: .seconds(1), pollInterval: .milliseconds(100),
            backOff: ServeBackOff(first: .milliseconds(200), longest: .seconds(1)),
            noticeInterval: .milliseconds(100), probeInterval: .milliseconds(200))
    }

    /// Runs a controller for as long as `work` takes, and ends it in order.
    ///
    /// - Parameters:
    ///   - inventory: what the carrier has; the devices of the manifests, with nothing on them, if it is `nil`.
    ///   - prepare: given the store before the controller begins.
    static func with(
        _ manifests: [String: String], inventory: [SimulatedDevice]? = nil,
        _ carrier: SimulatorOptions = Harness.quickCarrier, options: ControllerOptions = quick,
        register: RegistrationMode = .auto, lists: ListChoice = ListChoice(), password: String? = nil,
        notifier: (any Notifier)? = nil, callbackCredentials: CallbackCredentials = Harness.callbackCredentials,
        readCallbackCredentials: (@Sendable () throws -> CallbackCredentials)? = nil,
        prepare: (SQLiteStore) async throws -> Void = { _ in },
        _ work: @escaping @Sendable (ControllerScene) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        for (name, text) in manifests { try folder.write("fleet/" + name, text) }
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await prepare(store)
        let devices: [SimulatedDevice]
        if let inventory {
            devices = inventory
        } else {
            devices = Harness.inventory(await ManifestLoader().load([folder.path + "/fleet"]).fleet)
        }
        try await Harness.withSimulator(devices, carrier) { simulator, baseURL in
            var settings = Settings()
            settings.baseURL = baseURL
            settings.callbackListen = "127.0.0.1:0"
            settings.register = register
            settings.policy = Harness.quickPolicy
            settings.lists = lists
            let controller = Controller(
                origin: WatchedManifests(paths: [folder.path + "/fleet"]), isStrict: false, settings: settings,
                options: options, carrierCredentials: Harness.credentials(password: password),
                callbackCredentials: callbackCredentials, store: store, notifier: notifier,
                readCallbackCredentials: readCallbackCredentials,
                clock: SystemClock(), logger: Harness.quiet)
            let (stop, reload) = (Wakeup(), Wakeup())
            let scene = ControllerScene(
                simulator: simulator, controller: controller, store: store, folder: folder, reload: reload, stop: stop)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await controller.run(until: stop, reload: reload) }
                group.addTask {
                    defer { stop.notify() }
                    try await work(scene)
                }
                try await group.waitForAll()
            }
        }
    }

    /// Waits until the board shows what is wanted; gives what it shows, and whether that came within two minutes.
    func shows(
        _ wanted: @escaping @Sendable (ControllerStatus) -> Bool
    ) async throws -> (status: ControllerStatus, came: Bool) {
        let board = controller.board
        let waiter = StateWaiter(clock: SystemClock(), wakeup: board.changes, pollInterval: .milliseconds(500))
        let found = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            let status = board.current
            return wanted(status) ? status : nil
        }
        return (found ?? board.current, found != nil)
    }

    /// Waits until no run holds a profile set; `false` if one still does after two minutes.
    func isIdle() async throws -> Bool {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
        let isIdle = try await waiter.wait(until: SystemClock().now() + .seconds(120)) { [store] in
            try await store.read { try $0.leases().allSatisfy { $0.name.profileSet == nil } } ? true : nil
        }
        return isIdle == true
    }

    /// Waits until all devices are as desired, and no work is under way.
    func converges() async throws -> (status: ControllerStatus, came: Bool) {
        try await shows {
            $0.hasFleet && $0.devices > 0 && $0.converged == $0.devices && $0.sets.allSatisfy { $0.inFlight == 0 }
        }
    }
}

/// Keeps what a person would have been told.
final class NoticeLog: Notifier {
    private let state = Mutex((notices: [Notice](), fails: false))
    /// Told of each notification.
    let changes = Wakeup()

    var all: [Notice] { state.withLock { $0.notices } }

    /// Whether nothing can be delivered.
    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    func deliver(_ notice: Notice) async -> Bool {
        let isDelivered = state.withLock { state in
            if !state.fails { state.notices.append(notice) }
            return !state.fails
        }
        changes.notify()
        return isDelivered
    }

    /// Waits for one of a kind; `nil` if none comes within two minutes.
    func first(_ kind: Notice.Kind) async throws -> Notice? {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: changes, pollInterval: .milliseconds(500))
        return try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            self.all.first { $0.kind == kind }
        }
    }
}
