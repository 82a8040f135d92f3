import Foundation
import Hummingbird
import Reconciler

/// The JSON API that reads, as `openapi.json` describes it.
struct ReadAPI: Sendable {
    let board: ControllerBoard
    let store: any StateStore
    let clock: any WallClock
    let version: String

    /// - Throws: `Refusal`, `StateStoreError`
    func answer(_ route: AdminRoute.APIRoute, query: String?) async throws -> Response {
        let parameters = try QueryParameters(query, known: route == .devices ? DeviceSearch.parameters : [])
        let status = board.current
        switch route {
        case .document:
            return Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_json)))
        case .status:
            return try .json(StatusDocument(status, at: clock.now(), version: version))
        case .profileSets:
            return try .json(["profileSets": status.sets.map(ProfileSetDocument.init)])
        case .profileSet(let name):
            guard let set = status.sets.first(where: { $0.name == name }) else {
                throw Refusal.notFound("There is no profile set of this name.")
            }
            return try .json(ProfileSetDocument(set))
        case .rollouts:
            let rollouts = status.sets.compactMap { set in set.rollout.map { RolloutDocument($0, of: set.name) } }
            return try .json(["rollouts": rollouts])
        case .failures:
            return try .json(["failures": status.failures.map(FailureDocument.init)])
        case .accounts:
            return try .json(["accounts": status.accounts.map(AccountDocument.init)])
        case .pauses:
            return try .json(["pauses": try await store.read { try $0.pauses() }.map(PauseDocument.init)])
        case .history:
            return try .json(["history": status.history.map(HistoryDocument.init)])
        case .devices:
            let search = try DeviceSearch(parameters).query
            return try .json(DevicePageDocument(try await store.read { try $0.devices(search) }))
        case .device(let text):
            guard let eid = EID(text) else {
                throw Refusal.badRequest("An EID has 1 to \(EID.maximumDigits) digits and nothing else.")
            }
            let devices = try await store.read { try DeviceStatus.those(of: eid, in: $0) }
            guard !devices.isEmpty else { throw Refusal.notFound("No device has this EID.") }
            return try .json(CardDocument(devices: devices))
        }
    }
}
