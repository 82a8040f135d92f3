/// What one process at a time may hold.
public enum LeaseName: Hashable, Sendable {
    /// To act on the devices of a profile set.
    case profileSet(String)
    /// To read the carrier's records: it stands in nobody's way, and lets others find out who is at work. The text is
    /// the holder's.
    case reading(String)
    /// To write the carrier's records down, piece by piece: until that is over nobody else goes by what is known. The text
    /// is the holder's.
    case recording(String)
    /// To act on the whole store. Only versions that knew no locks of single sets take it, and it is heeded as long as
    /// one of them may still be running.
    case wholeStore

    var profileSet: String? {
        switch self {
        case .profileSet(let name): name
        case .reading, .recording, .wholeStore: nil
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

    /// A lease that ends later than this from now was written by a clock that was ahead: leases live for half a minute.
    private static let longestRest = Duration.seconds(120)

    /// Whether the holder may still be at work.
    ///
    /// A time that a clock wrote that was ahead says nothing: then the lease is live only if its holder is seen to run.
    ///
    /// - Parameter isGone: says of a holder's identity whether that process has certainly ended.
    func isLive(at now: Timestamp, isGone: (ProcessIdentity) -> Bool) -> Bool {
        guard expiresAt > now else { return false }
        let identity = ProcessIdentity(holder)
        if let identity, isGone(identity) { return false }
        return expiresAt <= now + Self.longestRest || identity?.isSeenRunning ?? false
    }
}

extension StateReader {
    /// Who writes the carrier's records down at the moment: what is known then is half of what they say, and half of
    /// what was known before. Of records that show a whole fleet as not downloaded the first part alone may be little
    /// enough to be taken for drift.
    ///
    /// - Parameter isGone: says of a holder's identity whether that process has certainly ended, and writes no more.
    func recorder(
        at now: Timestamp, isGone: (ProcessIdentity) -> Bool = { $0.isGone }
    ) throws -> Lease? {
        try leases().first { lease in
            if case .recording = lease.name { return lease.isLive(at: now, isGone: isGone) }
            return false
        }
    }

    /// What is known, unless somebody is writing half of it; nobody decides anything by that.
    ///
    /// - Parameters:
    ///   - wall: the time by which leases end.
    ///   - now: the time by which what is known is judged.
    func wholeFleet(at wall: Timestamp, now: Timestamp) throws -> WholeFleet {
        if let recorder = try recorder(at: wall) { return .beingWritten(by: recorder) }
        return .known(try knownFleet().believed(at: now))
    }
}

/// What is known, if it is whole.
enum WholeFleet: Sendable {
    case known(KnownFleet)
    case beingWritten(by: Lease)

    /// Why nothing is decided at the moment, as a sentence.
    static func explanation(of recorder: Lease) -> String {
        "The carrier's records are being written down by another run (\(recorder.owner)); nothing is decided before "
            + "that is over."
    }
}
