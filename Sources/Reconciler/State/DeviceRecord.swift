/// Where a piece of known state comes from.
public enum ObservationSource: UInt8, Codable, Sendable {
    case callback = 1
    case deviceListV1 = 2
    case deviceListV2 = 3
    /// A person, by `resolve`.
    case person = 4

    /// The name that plans and JSON use.
    public var name: String {
        switch self {
        case .callback: "callback"
        case .deviceListV1: "v1 device list"
        case .deviceListV2: "v2 device list"
        case .person: "resolve"
        }
    }
}

/// What was learnt of a profile, when, and from where.
public struct ProfileObservation: Hashable, Sendable {
    public var state: ProfileState
    /// The carrier's own word (`DOWNLOAD_ENABLE`), if it used one.
    public var profileStatus: String?
    public var at: Timestamp
    public var source: ObservationSource

    public init(state: ProfileState, profileStatus: String?, at: Timestamp, source: ObservationSource) {
        self.state = state
        self.profileStatus = profileStatus
        self.at = at
        self.source = source
    }
}

/// Everything that the store knows of one device.
public struct DeviceRecord: Hashable, Sendable {
    public let key: DeviceKey
    public var account: AccountName
    public var imei: IMEI?
    /// What is known of the profile; `nil` as long as nobody has told.
    public var observation: ProfileObservation?
    public var service: ServiceState
    /// The profile state that was last reached on purpose; known state that differs from it is drift.
    public var reached: ProfileState?
    /// Counts the changes of this record, from 1.
    public var version: Int64
    /// The latest operation, whatever came of it.
    public var operation: Operation?

    public init(
        key: DeviceKey, account: AccountName, imei: IMEI? = nil, observation: ProfileObservation? = nil,
        service: ServiceState = .unknown, reached: ProfileState? = nil, version: Int64 = 0, operation: Operation? = nil
    ) {
        self.key = key
        self.account = account
        self.imei = imei
        self.observation = observation
        self.service = service
        self.reached = reached
        self.version = version
        self.operation = operation
    }
}
