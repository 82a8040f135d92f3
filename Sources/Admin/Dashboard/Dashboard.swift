import Hummingbird
import Reconciler

/// The pages at which people look at a controller.
struct Dashboard: Sendable {
    private static let rowLimit = 50

    let assets = PageAssets()
    private let board: ControllerBoard
    private let store: any StateStore
    private let clock: any WallClock
    private let version: String
    private let templates: PageTemplates

    /// - Throws: an error of the template library.
    init(board: ControllerBoard, store: any StateStore, clock: any WallClock, version: String) throws {
        self.board = board
        self.store = store
        self.clock = clock
        self.version = version
        templates = try PageTemplates()
    }

    var profileSets: Set<String> { Set(board.current.sets.map(\.name)) }

    func fleet(_ visit: PageVisit) async -> String {
        let status = board.current
        var pauses = status.pauses
        var problem: String?
        do {
            pauses = try await store.read { try $0.pauses() }
        } catch {
            problem = "\(error)"
        }
        let view = FleetView(
            status, pauses: pauses, storeProblem: problem, frame: frame("Fleet", visit), now: clock.now())
        return templates.render(.fleet, view)
    }

    /// - Throws: `Refusal`, `StateStoreError`
    func devices(_ visit: PageVisit, query: String?) async throws -> String {
        let parameters = try QueryParameters(query, known: DeviceSearch.parameters, ignoresOthers: true)
        var frame = frame("Devices", visit)
        frame.searchText = parameters["search"] ?? ""
        frame.chooseStanding(parameters["standing"])
        let search: DeviceSearch
        do {
            search = try DeviceSearch(typed: parameters, limit: Self.rowLimit)
        } catch {
            let view = DevicesView(
                DevicePage(devices: [], next: nil), nil, complaint: error.detail, frame: frame, now: clock.now())
            return templates.render(.devices, view)
        }
        let page = try await store.read { [query = search.query] in try $0.devices(query) }
        return templates.render(.devices, DevicesView(page, search, complaint: nil, frame: frame, now: clock.now()))
    }

    /// - Throws: `Refusal`, `StateStoreError`
    func device(_ visit: PageVisit, eid text: String) async throws -> String {
        guard let eid = EID(text) else {
            throw Refusal.badRequest("An EID has 1 to \(EID.maximumDigits) digits and nothing else.")
        }
        let (devices, records) = try await store.read { reader in
            (try DeviceStatus.those(of: eid, in: reader), try reader.devices(eids: [eid], iccids: [], imeis: []))
        }
        guard !devices.isEmpty else { throw Refusal.notFound("The state store knows no device with EID \(eid).") }
        return templates.render(.device, DeviceView(eid, devices, records, frame: frame("Device \(eid)", visit)))
    }

    func signIn(next: String, wasRefused: Bool) -> String {
        struct View: Sendable {
            let frame: PageFrame
            let next: String
            let wasRefused: Bool
        }
        return templates.render(.signIn, View(frame: frame("Sign in", nil), next: next, wasRefused: wasRefused))
    }

    func refusal(_ refusal: Refusal) -> String {
        struct View: Sendable {
            let frame: PageFrame
            let reason: String
            let detail: String
        }
        let reason = refusal.status.reasonPhrase
        return templates.render(
            .refusal, View(frame: frame(reason, nil), reason: reason, detail: refusal.detail))
    }

    /// - Parameter visit: `nil` for pages that show nothing of the fleet.
    private func frame(_ title: String, _ visit: PageVisit?) -> PageFrame {
        PageFrame(
            title: title, version: version, stylePath: assets.style.path, scriptPath: assets.script.path,
            iconPath: assets.icon.path, seal: visit?.seal ?? "", canSignOut: visit?.canSignOut ?? false,
            isLive: visit != nil)
    }
}
