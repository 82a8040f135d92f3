/// The store's number for a callback.
public struct CallbackNumber: Hashable, Sendable {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }
}

/// What a callback turned out to be.
public enum CallbackVerdict: UInt8, CaseIterable, Sendable {
    /// Kept, and not looked at yet.
    case unread = 0
    /// It moved an operation on.
    case settled = 1
    /// It fits no operation: someone changed the device elsewhere.
    case observation = 2
    /// It came too late, or repeats what is known.
    case late = 3
    /// No device could be found for it.
    case unknownDevice = 4
    /// It answers a device list; who has asked reads it.
    case deviceList = 5
    /// It could not be read as a message about a device.
    case unreadable = 6
    /// It is about another profile of a card that holds one of ours.
    case otherProfile = 7

    /// The name that status and JSON use.
    public var name: String {
        switch self {
        case .unread: "unread"
        case .settled: "settled"
        case .observation: "observation"
        case .late: "late or repeated"
        case .unknownDevice: "unknown device"
        case .deviceList: "device list"
        case .unreadable: "unreadable"
        case .otherProfile: "another profile"
        }
    }
}

/// A callback as it is to be kept: without the credentials that it carried.
public struct NewCallback: Hashable, Sendable {
    public let receivedAt: Timestamp
    /// The same for repeats of one message, whatever their `callbackCount`.
    public let digest: [UInt8]
    /// The message as JSON, without user name and password.
    public let redactedText: String

    public init(receivedAt: Timestamp, digest: [UInt8], redactedText: String) {
        self.receivedAt = receivedAt
        self.digest = digest
        self.redactedText = redactedText
    }
}

/// A kept callback.
public struct CallbackRecord: Hashable, Sendable {
    public let number: CallbackNumber
    public let receivedAt: Timestamp
    /// How often the message was delivered.
    public let deliveries: Int
    public let redactedText: String
    public let verdict: CallbackVerdict
    public let device: DeviceKey?
}
