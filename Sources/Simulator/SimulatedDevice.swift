/// A device as the simulated carrier keeps it: one profile on one eUICC.
///
/// Identifiers are strings on purpose: this target shares no code with the client that is tested against it.
public struct SimulatedDevice: Sendable {
    public let eid: String
    public let iccid: String
    public let imei: String?
    public let accountName: String
    public let smsrOid: String
    /// The carrier's word, `Not Downloaded` or `DOWNLOAD_ENABLE` for instance.
    public var profileStatus: String
    /// The service state: `Active`, `Suspend`, `Deactive`.
    public var state: String
    /// The groups that the account has put it into, and fields that it has filled in.
    public var groupNames: [String]
    public var customFields: [String: String]
    /// Whether the account has it.
    public var isOnAccount = true
    /// How many requests for it were accepted, and how many of them were downloads.
    public internal(set) var acceptedCalls = 0
    public internal(set) var acceptedDownloads = 0
    /// Accepted downloads whose work is not done yet, or succeeded.
    var downloadsStanding = 0

    public init(
        eid: String, iccid: String, imei: String? = nil, accountName: String, smsrOid: String,
        profileStatus: String = "Not Downloaded", state: String = "Active", groupNames: [String] = [],
        customFields: [String: String] = [:]
    ) {
        self.eid = eid
        self.iccid = iccid
        self.imei = imei
        self.accountName = accountName
        self.smsrOid = smsrOid
        self.profileStatus = profileStatus
        self.state = state
        self.groupNames = groupNames
        self.customFields = customFields
    }

    var isEnabled: Bool { ["DOWNLOAD_ENABLE", "ENABLE"].contains(profileStatus) }
    var isPresent: Bool { isEnabled || ["DOWNLOAD_DISABLE", "DISABLE", "none"].contains(profileStatus) }
}
