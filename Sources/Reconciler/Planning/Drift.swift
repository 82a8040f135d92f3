/// A managed device whose profile has moved away from the desired state after it had reached it.
public struct Drift: Hashable, Sendable {
    public let key: DeviceKey
    public let account: AccountName
    /// The desired state, which had been reached.
    public let was: DesiredState
    /// When it was last seen so, if that is known.
    public let lastSeenAsDesired: Timestamp?
    public let isNow: ProfileState
    /// The carrier's own word for it, if it used one.
    public let profileStatus: String?
    /// When it was first seen as it is now.
    public let since: Timestamp?
    /// When it was last seen at all.
    public let seenAt: Timestamp?
    /// Who told that it had moved.
    public let source: ObservationSource?
    /// The request that the callback named, which is none of ours: somebody else has asked for the change.
    public let foreignRequest: RequestID?

    init(_ device: DesiredDevice, of account: AccountName, isNow: ProfileState, _ move: KnownMove?) {
        key = device.key
        self.account = account
        was = device.state
        lastSeenAsDesired = move?.reachedSeenAt
        self.isNow = isNow
        profileStatus = move?.observation?.profileStatus
        since = move?.change?.at
        seenAt = move?.observation?.at
        source = move?.change?.source ?? move?.observation?.source
        foreignRequest = move?.change?.foreignRequest
    }

    /// What it was and what it is, since when, and by whom, in words.
    public var story: String {
        let seen = lastSeenAsDesired.map { " (seen so until \($0))" } ?? ""
        let word = profileStatus.map { " (\($0))" } ?? ""
        let time = since.map { " since \($0)" } ?? ""
        return "was \(was.rawValue)\(seen), is \(isNow.name)\(word)\(time), \(cause)"
    }

    /// What drift is, for who reads of it.
    public static let meaning = "reached before, and changed since by somebody else"

    /// By whom it was changed, as far as that is known, in words.
    public var cause: String {
        switch (source, foreignRequest) {
        case (.callback, let request?), (.foreignCallback, let request?):
            "by request \(request), which is none of ours (callback)"
        case (.callback, nil), (.foreignCallback, nil): "told by a callback; who asked for it is not known"
        case (.person, _): "by hand (resolve)"
        case (.otherProfile, _): "by the enabling of another profile of its card"
        case (.deviceListV1, let request?), (.deviceListV2, let request?):
            "by request \(request), which is none of ours (callback, and confirmed by the \(source?.name ?? "list"))"
        case (.deviceListV1, nil), (.deviceListV2, nil):
            "found by the \(source?.name ?? "list"); who asked for it is not known"
        case (nil, _): "who told it is not known"
        }
    }
}
