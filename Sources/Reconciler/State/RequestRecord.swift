/// The store's own number for a request, given before the carrier names it.
public struct RequestNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }

    public var description: String { String(number) }

    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// One HTTP call to the carrier whose outcome comes by callback.
public struct RequestRecord: Hashable, Sendable {
    /// What was asked for.
    public enum Kind: Hashable, Sendable {
        case action(ProfileAction, SmsrOid)
        /// The v2 device list, filtered by a profile status (`nil` for no filter).
        case deviceList(profileStatusFilter: String?)
    }

    /// How the call itself ended.
    public enum Outcome: Hashable, Sendable {
        case pending
        case accepted(RequestID)
        case refused(String)
        case notSent(String)
        case unknown(String)
        /// A device list whose answer has come by callback.
        case answered(RequestID)
    }

    public let number: RequestNumber
    public let kind: Kind
    public let account: AccountName
    /// How many devices it carries.
    public let deviceCount: Int
    public let sentAt: Timestamp
    /// The run that has sent it.
    public let run: RunNumber?
    public var outcome: Outcome

    public init(
        number: RequestNumber, kind: Kind, account: AccountName, deviceCount: Int, sentAt: Timestamp,
        run: RunNumber? = nil, outcome: Outcome
    ) {
        self.number = number
        self.kind = kind
        self.account = account
        self.deviceCount = deviceCount
        self.sentAt = sentAt
        self.run = run
        self.outcome = outcome
    }

    /// The carrier's name for it, once there is one.
    public var requestID: RequestID? {
        switch outcome {
        case .accepted(let id), .answered(let id): id
        case .pending, .refused, .notSent, .unknown: nil
        }
    }
}
