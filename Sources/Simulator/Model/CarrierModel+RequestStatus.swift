/// How far a request is, in the words of the page.
enum RequestState: String, Sendable {
    case queued
    case processed
    case failed
}

/// A request that was accepted, and what has become of its devices so far.
struct RequestRecord: Sendable {
    let account: String
    private(set) var devices: [(index: Int, state: RequestState)]
    /// That of a request without devices: of a list.
    private var ownState = RequestState.queued

    init(account: String, devices: [Int] = []) {
        self.account = account
        self.devices = devices.map { ($0, .queued) }
    }

    var state: RequestState {
        guard !devices.isEmpty else { return ownState }
        if devices.contains(where: { $0.state == .queued }) { return .queued }
        return devices.contains { $0.state == .failed } ? .failed : .processed
    }

    /// - Parameter index: `nil` for the request as a whole.
    mutating func set(_ state: RequestState, of index: Int?) {
        guard let index else { return ownState = state }
        for place in devices.indices where devices[place].index == index { devices[place].state = state }
    }
}

/// The status of a request, v2. Source: `thingspace.md`, section 4.3; whether the carrier's own one knows profile
/// actions is not said there.
extension CarrierModel {
    func requestStatus(account: String, requestID: String) -> Answer {
        guard !behaves(.requestStatusUnavailable) else { return .notFound }
        guard accounts.contains(account) else {
            return .error("REQUEST_FAILED.AccountNotFound", "The account does not exist.")
        }
        guard let record = requests[requestID], record.account == account else {
            return .error("REQUEST_FAILED.RequestNotFound", "The request was not found.")
        }
        let parts = record.devices.map { index, state -> JSON in
            .object([
                ("ids", ids(index, .iccidAndEID, capitalized: false)), ("status", .string(state.rawValue)),
            ])
        }
        return .ok(
            .object([
                ("requestId", .string(requestID)), ("status", .string(record.state.rawValue)),
                ("subRequests", .array(parts)),
            ]))
    }
}
