/// Where the known state, the operations, the requests, the callbacks and the event log are kept.
///
/// A piece of work is one transaction: what its body reads stays true until what it writes is on disk, for
/// every process that shares the store. Bodies decide with pure functions and do nothing slow.
public protocol StateStore: Sendable {
    /// Reads a consistent picture.
    /// - Throws: `StateStoreError`, and what `body` throws.
    func read<Result: Sendable>(_ body: @escaping @Sendable (any StateReader) throws -> Result) async throws -> Result

    /// Reads and writes in one transaction, which is durable when the call returns.
    /// - Throws: `StateStoreError`, and what `body` throws; nothing is written then.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result

    /// Where the state is, as a person would name it; never with a secret.
    var location: String { get }
}

/// What can be read within a transaction.
public protocol StateReader: StateOverview {
    /// All devices in the order of their keys, as small as a plan needs them.
    func knownFleet() throws -> KnownFleet
    func devices(_ keys: [DeviceKey]) throws -> [DeviceKey: DeviceRecord]
    /// The devices that have one of the EIDs, ICCIDs or IMEIs.
    func devices(eids: [EID], iccids: [ICCID], imeis: [IMEI]) throws -> [DeviceRecord]
    /// The devices whose latest operation is in one of the open phases.
    func devicesInFlight() throws -> [DeviceRecord]
    /// The requests that the carrier named so.
    func requests(_ ids: [RequestID]) throws -> [RequestID: RequestRecord]
    func request(_ number: RequestNumber) throws -> RequestRecord?
    /// Whether a device list was asked for since `since` whose requestId is not known yet.
    func awaitsDeviceListName(since: Timestamp) throws -> Bool
    /// How many of the device lists with these numbers the carrier has taken and not answered yet.
    func unansweredDeviceLists(_ numbers: ClosedRange<RequestNumber>) throws -> Int
    /// How many operations have been sent and have no outcome yet.
    func operationsInFlight() throws -> Int
    /// The devices that a request carried.
    func devices(under request: RequestNumber) throws -> [DeviceKey]
    /// Whether a request carried a device.
    func didCarry(_ key: DeviceKey, request: RequestNumber) throws -> Bool
    /// How many requests have carried each of these devices since `since`; a withdrawn one does not count.
    func attempts(of keys: [DeviceKey], since: Timestamp) throws -> [DeviceKey: Int]
    func unreadCallbacks(limit: Int) throws -> [CallbackRecord]
    /// Everything that happened to the devices of an EID, oldest first.
    func timeline(of eid: EID) throws -> [StateEvent]
    func callbacks(of eid: EID) throws -> [CallbackRecord]
    /// Marks the end of the event log as it is now.
    func eventMark() throws -> Int64
    /// How many events of each kind came after the mark.
    func eventCounts(after mark: Int64) throws -> [StateEvent.Kind: Int]
    func callbackCounts() throws -> [CallbackVerdict: Int]
    func counters() throws -> [String: Int64]
    func signIn(of credential: String) throws -> SignInRecord?
    func signIns() throws -> [SignInRecord]
    func lease(_ name: String) throws -> Lease?
    /// The roll-outs that have not ended, in the order in which they began.
    func openRollouts() throws -> [RolloutRecord]
    func pauses() throws -> [Pause]
}

/// What can be written within a transaction.
public protocol StateTransaction: StateReader {
    /// Adds or replaces records; each gets the next version. Operations are saved apart.
    func save(_ devices: [DeviceRecord]) throws
    /// Adds a request and gives it a number.
    func addRequest(_ kind: RequestRecord.Kind, account: AccountName, deviceCount: Int, at: Timestamp) throws
        -> RequestRecord
    func update(_ request: RequestRecord) throws
    /// Adds an operation in the phase `intended` for each device and makes it the device's latest.
    func addOperations(_ intents: [OperationIntent], under request: RequestNumber, at: Timestamp) throws -> [Operation]
    func update(_ operations: [Operation]) throws
    /// Keeps callbacks; a repeat only raises the number of deliveries of the kept one.
    func keep(_ callbacks: [NewCallback]) throws
    func mark(_ callback: CallbackNumber, as verdict: CallbackVerdict, device: DeviceKey?) throws
    func append(_ events: [StateEvent]) throws
    func raiseCounter(_ name: String, by amount: Int64) throws
    func save(_ signIn: SignInRecord) throws
    func save(_ lease: Lease) throws
    func removeLease(_ name: String) throws
    func startRollout(of profileSet: String, at: Timestamp) throws -> RolloutRecord
    func update(_ rollout: RolloutRecord) throws
    func endRollout(_ number: RolloutNumber, at: Timestamp) throws
    func save(_ pause: Pause) throws
    func removePause(of scope: Pause.Scope) throws
}

/// What is to be done to one device, as it is written down before the call leaves.
public struct OperationIntent: Hashable, Sendable {
    public let key: DeviceKey
    public let action: ProfileAction
    public let account: AccountName
    public let smsr: SmsrOid
    public let attempt: Int
    /// The roll-out that lets the device out with it, if there is one.
    public let rollout: RolloutNumber?

    public init(
        key: DeviceKey, action: ProfileAction, account: AccountName, smsr: SmsrOid, attempt: Int,
        rollout: RolloutNumber? = nil
    ) {
        self.key = key
        self.action = action
        self.account = account
        self.smsr = smsr
        self.attempt = attempt
        self.rollout = rollout
    }
}

/// How often the carrier refused a credential in a row.
public struct SignInRecord: Hashable, Sendable {
    /// A digest that names the credential and does not give it away.
    public let credential: String
    public var refusals: Int
    public var at: Timestamp

    public init(credential: String, refusals: Int, at: Timestamp) {
        self.credential = credential
        self.refusals = refusals
        self.at = at
    }
}

/// Who holds a lock, and until when.
public struct Lease: Hashable, Sendable {
    public let name: String
    /// The holder as a person would name it: user, host, process.
    public let owner: String
    public var expiresAt: Timestamp

    public init(name: String, owner: String, expiresAt: Timestamp) {
        self.name = name
        self.owner = owner
        self.expiresAt = expiresAt
    }
}

/// A failure of the store, as a sentence with what to do.
public struct StateStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as far as a caller can act on it.
    public enum Reason: Hashable, Sendable {
        case full
        case readOnly
        case locked
        case newerFormat
        case damaged
        case cannotOpen
        case other
    }

    public let reason: Reason
    public let description: String

    public init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
