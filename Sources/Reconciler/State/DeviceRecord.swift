/// Where a piece of known state comes from.
public enum ObservationSource: UInt8, CaseIterable, Codable, Sendable {
    case callback = 1
    case deviceListV1 = 2
    case deviceListV2 = 3
    /// A person, by `resolve`.
    case person = 4
    /// A callback under a request that is not the operation's own.
    case foreignCallback = 5
    /// Another profile of the card was enabled, which disables this one.
    case otherProfile = 6

    /// The name that plans and JSON use.
    public var name: String {
        switch self {
        case .callback: "callback"
        case .deviceListV1: "v1 device list"
        case .deviceListV2: "v2 device list"
        case .person: "resolve"
        case .foreignCallback: "callback under another request"
        case .otherProfile: "another profile of the card"
        }
    }

    /// Whether it proves a profile's state: a list of ours, or a callback under a request of ours for this operation.
    /// Everything else is a hint (DESIGN.md, "Evidence").
    public var isEvidence: Bool {
        switch self {
        case .callback, .deviceListV1, .deviceListV2: true
        case .person, .foreignCallback, .otherProfile: false
        }
    }
}

/// What was learnt of a profile, when, and from where.
public struct ProfileObservation: Hashable, Sendable {
    public var state: ProfileState
    /// The carrier's own word (`DOWNLOAD_ENABLE`), if it used one.
    public var profileStatus: String?
    /// When the callback came, or when the list was asked for.
    public var at: Timestamp
    public var source: ObservationSource

    public init(state: ProfileState, profileStatus: String?, at: Timestamp, source: ObservationSource) {
        self.state = state
        self.profileStatus = profileStatus
        self.at = at
        self.source = source
    }
}

/// How a profile came to be in the state that is known: when it was first seen in it, and who told.
public struct ProfileChange: Hashable, Sendable {
    public var at: Timestamp
    public var source: ObservationSource
    /// The request that a callback named, if it is none of ours: somebody else has asked for the change.
    public var foreignRequest: RequestID?

    public init(at: Timestamp, source: ObservationSource, foreignRequest: RequestID? = nil) {
        self.at = at
        self.source = source
        self.foreignRequest = foreignRequest
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
    /// The profile state that was last reached on purpose, or, if none was, the one in which it was seen on the device
    /// before it vanished; known state that differs from it is drift.
    public var reached: ProfileState?
    /// When it was last seen in the state that was reached, once it has moved away from it.
    public var reachedSeenAt: Timestamp?
    /// How the profile came to be in the state that is known.
    public var change: ProfileChange?
    /// Counts the changes of this record, from 1. To see again what is known is no change.
    public var version: Int64
    /// The latest operation, whatever came of it.
    public var operation: Operation?
    /// Why what is known is in doubt; `nil` if nothing contradicts it. Nothing is sent to a device with a hint.
    public var hint: Hint?

    public init(
        key: DeviceKey, account: AccountName, imei: IMEI? = nil, observation: ProfileObservation? = nil,
        service: ServiceState = .unknown, reached: ProfileState? = nil, version: Int64 = 0,
        operation: Operation? = nil, hint: Hint? = nil
    ) {
        self.key = key
        self.account = account
        self.imei = imei
        self.observation = observation
        self.service = service
        self.reached = reached
        self.version = version
        self.operation = operation
        self.hint = hint
    }
}

extension DeviceRecord {
    /// When the state that is known was last proven: when the list was asked for, or when the callback came. `nil` if
    /// nothing proves it.
    var provenAt: Timestamp? { observation.flatMap { $0.source.isEvidence ? $0.at : nil } }

    /// Takes a newly learnt profile state over; `nil` leaves what is known.
    mutating func learn(
        _ state: ProfileState?, status: String?, at time: Timestamp, source: ObservationSource,
        foreignRequest: RequestID? = nil
    ) {
        guard let state else { return }
        if observation?.state != state {
            if let former = observation, former.state == reached { reachedSeenAt = former.at }
            change = ProfileChange(at: time, source: source, foreignRequest: foreignRequest)
            // That it was there is not forgotten: to download it again is no first download.
            if reached == nil, let former = observation?.state, former.isOnDevice, !state.isOnDevice {
                reached = former
                reachedSeenAt = observation?.at
            }
        }
        observation = ProfileObservation(state: state, profileStatus: status, at: time, source: source)
    }

    /// Whether another record of the device says the same, but for when it was last seen so and by whom.
    func saysTheSame(as other: DeviceRecord) -> Bool {
        guard var seen = other.observation, let mine = observation else { return self == other }
        seen.at = mine.at
        seen.source = mine.source
        var other = other
        other.observation = seen
        return self == other
    }
}
