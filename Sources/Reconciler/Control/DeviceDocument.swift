/// What is known of one device, as JSON shows it.
public struct DeviceDocument: Codable, Sendable {
    public let eid: String
    public let iccid: String
    public let imei: String?
    public let accountName: String
    public let profile: String?
    /// The carrier's own word.
    public let profileStatus: String?
    public let observedAt: String?
    public let source: String?
    /// Whether the source proves the state: a list, or a callback under a request of ours for this operation.
    public let isProven: Bool?
    /// What puts the state in doubt, and when the carrier's records are read because of it.
    public let doubt: String?
    public let lookupAt: String?
    public let service: String
    /// Of the record, which rises with each change of it.
    public let version: Int64

    package init(_ record: DeviceRecord) {
        eid = record.key.eid.description
        iccid = record.key.iccid.description
        imei = record.imei?.description
        accountName = record.account.description
        profile = record.observation?.state.name
        profileStatus = record.observation?.profileStatus
        observedAt = record.observation?.at.description
        source = record.observation?.source.name
        isProven = record.observation?.source.isEvidence
        doubt = record.hint?.detail.capitalizedSentence
        lookupAt = record.hint?.lookupAt.description
        service = record.service.word
        version = record.version
    }
}
