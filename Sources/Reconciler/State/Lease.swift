/// What one process at a time may hold.
public enum LeaseName: Hashable, Sendable {
    /// To act on the devices of a profile set.
    case profileSet(String)
    /// To act on the whole store. Only versions that knew no locks of single sets take it, and it is heeded as long as
    /// one of them may still be running.
    case wholeStore

    var profileSet: String? {
        switch self {
        case .profileSet(let name): name
        case .wholeStore: nil
        }
    }
}

/// Who holds what, and until when.
public struct Lease: Hashable, Sendable {
    public let name: LeaseName
    /// The holder as a person would name it: user, host, process.
    public let owner: String
    /// Tells the holder from all others: the text of its `ProcessIdentity`.
    public let holder: String
    public var expiresAt: Timestamp
    /// Where the holder listens for callbacks, if it does.
    public var listensAt: String?

    public init(name: LeaseName, owner: String, holder: String, expiresAt: Timestamp, listensAt: String? = nil) {
        self.name = name
        self.owner = owner
        self.holder = holder
        self.expiresAt = expiresAt
        self.listensAt = listensAt
    }

    /// Whether the holder may still be at work.
    ///
    /// - Parameter isGone: says of a holder's identity whether that process has certainly ended.
    func isLive(at now: Timestamp, isGone: (ProcessIdentity) -> Bool) -> Bool {
        guard expiresAt > now else { return false }
        return ProcessIdentity(holder).map { !isGone($0) } ?? true
    }
}
