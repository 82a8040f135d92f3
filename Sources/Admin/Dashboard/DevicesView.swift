import Foundation
import Reconciler

/// What the page of a search shows.
struct DevicesView: Sendable {
    struct Row: Sendable {
        let eid: String
        let iccid: String
        let imeiText: String?
        let account: String
        let profile: String
        let service: String
        let operation: String?
        /// As the style sheet names it.
        let word: String
        let learnt: Moment?
    }

    let frame: PageFrame
    let heading: String
    let rows: [Row]
    let hasRows: Bool
    /// The query of the next page.
    let nextQuery: String?
    let complaint: String?

    init(_ page: DevicePage, _ search: DeviceSearch?, complaint: String?, frame: PageFrame, now: Timestamp) {
        self.frame = frame
        self.complaint = complaint
        rows = page.devices.map { Row($0, now: now) }
        hasRows = !rows.isEmpty
        heading = search?.text.isEmpty == false ? "Devices that begin with \(search?.text ?? "")" : "Devices"
        nextQuery = page.next.map { next in
            var parts = URLComponents()
            parts.queryItems = [
                URLQueryItem(name: "search", value: search?.text),
                URLQueryItem(name: "standing", value: search?.query.standing?.rawValue),
                URLQueryItem(name: "cursor", value: next.description),
            ].filter { $0.value?.isEmpty == false }
            return parts.percentEncodedQuery ?? ""
        }
    }
}

extension DevicesView.Row {
    fileprivate init(_ record: DeviceRecord, now: Timestamp) {
        eid = record.key.eid.description
        iccid = record.key.iccid.description
        imeiText = record.imei?.description
        account = record.account.description
        profile = record.observation?.state.name ?? "never seen"
        service = record.service.word
        operation = record.operation.map { "\($0.action.rawValue), \($0.phase.name)" }
        word = record.standingWord
        learnt = record.observation.map { Moment($0.at, now: now) }
    }
}

extension DeviceRecord {
    /// How the latest operation stands, as the style sheet names it.
    var standingWord: String {
        switch operation?.phase {
        case .intended, .submitted, .enablePending: Standing.inFlight.word
        case .unresolved: Standing.held.word
        case .failed(_, retryAt: nil): Standing.failed.word
        case .failed, .withdrawn: Standing.waiting.word
        case .succeeded: Standing.converged.word
        case nil: "none"
        }
    }
}
