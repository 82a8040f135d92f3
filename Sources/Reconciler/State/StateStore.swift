/// Where the known state, the operations, the requests, the callbacks and the event log are kept.
///
/// A piece of work is one transaction: what its body reads stays true until what it writes is on disk, for
/// every process that shares the store. Bodies decide with pure functions, do nothing slow, and may be run again when
/// what they wrote had to be taken back.
public protocol StateStore: Sendable {
    /// Reads a consistent picture.
    /// - Throws: `StateStoreError`, and what `body` throws.
    func read<Result: Sendable>(_ body: @escaping @Sendable (any StateReader) throws -> Result) async throws -> Result

    /// Reads and writes in one transaction, which is durable when the call returns.
    /// - Throws: `StateStoreError`, and what `body` throws; nothing is written then.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StateTransaction) throws -> Result
    ) async throws -> Result

    /// Tries whether what is written is kept, with a small piece of work of its own.
    /// - Throws: `StateStoreError`
    func probe(at now: Timestamp) async throws

    /// Where the state is, as a person would name it; never with a secret.
    var location: String { get }
}

extension StateStore {
    public func probe(at now: Timestamp) async throws {
        try await write { try $0.noteProbe(at: now) }
    }
}

/// What can be read within a transaction.
public protocol StateReader: StateOverview {
    /// All devices in the order of their keys, as small as a plan needs them.
    func knownFleet() throws -> KnownFleet
    /// The accounts of the same devices, in the same order.
    func accountsOfDevices() throws -> KnownAccounts
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
    func unansweredDeviceLists(_ numbers: [RequestNumber]) throws -> Int
    /// Whether a device list was asked for since `since` and not answered yet.
    func awaitsDeviceList(since: Timestamp) throws -> Bool
    /// The messages that answer a device list, as JSON, in the order in which they came.
    func deviceListAnswers(to request: RequestNumber) throws -> [String]
    /// The devices that are known to be, or to have been, on an account, in the order of their keys.
    func identities(on account: AccountName) throws -> [KnownIdentity]
    /// How many operations have been sent and have no outcome yet.
    func operationsInFlight() throws -> Int
    /// The devices of the same operations.
    func devicesWithOperationInFlight() throws -> [DeviceKey]
    /// How many operations on each of these devices have succeeded that were intended since `since`.
    func successes(of keys: [DeviceKey], since: Timestamp) throws -> [DeviceKey: Int]
    /// What a request carried, in the order in which it was intended.
    func operations(under request: RequestNumber) throws -> [Operation]
    /// The operation by which a request carried a device; `nil` if it did not carry it.
    func operation(on key: DeviceKey, under request: RequestNumber) throws -> Operation?
    /// How many requests have carried each of these devices since `since`; a withdrawn one does not count.
    func attempts(of keys: [DeviceKey], since: Timestamp) throws -> [DeviceKey: Int]
    /// Those that came after `last`, oldest first.
    func unreadCallbacks(after last: CallbackNumber?, limit: Int) throws -> [CallbackRecord]
    /// Which callbacks up to this one are still unread.
    func unreadCallbacks(upTo last: CallbackNumber) throws -> Set<CallbackNumber>
    /// Everything that happened to the devices of an EID, oldest first.
    func timeline(of eid: EID) throws -> [StateEvent]
    func callbacks(of eid: EID) throws -> [CallbackRecord]
    /// Marks the end of the event log as it is now.
    func eventMark() throws -> Int64
    /// The events that came after the mark, oldest first, with the mark of the last one.
    func events(after mark: Int64, limit: Int) throws -> (events: [StateEvent], mark: Int64)
    /// How many events of each kind came after the mark.
    func eventCounts(after mark: Int64) throws -> [StateEvent.Kind: Int]
    func callbackCounts() throws -> [CallbackVerdict: Int]
    func counters() throws -> [String: Int64]
    func signIn(of credential: String) throws -> SignInRecord?
    func signIns() throws -> [SignInRecord]
    func signInContact(_ contact: String) throws -> SignInContact?
    func signInContacts() throws -> [SignInContact]
    func leases() throws -> [Lease]
    /// The eUICCs of these devices on which an operation is open for another profile than theirs.
    func cardsUnderWay(_ keys: [DeviceKey]) throws -> Set<EID>
    /// The roll-outs that have not ended, in the order in which they began.
    func openRollouts() throws -> [RolloutRecord]
    func pauses() throws -> [Pause]
    func runs(_ numbers: some Sequence<RunNumber>) throws -> [RunNumber: RunRecord]
    /// The runs that have carried out a saved plan, oldest first.
    func runs(of plan: ContentDigest) throws -> [RunNumber]
    /// Latest first.
    func latestRuns(limit: Int) throws -> [RunRecord]
    /// Rows of a part of the past that nothing needs any more, by their numbers.
    ///
    /// - Parameters:
    ///   - time: they are older than that.
    ///   - last: they come after this one.
    func forgettable(_ part: HistoryPart, before time: Timestamp, after last: Int64, limit: Int) throws -> [Int64]
    /// What people have been told of, as far as it is not known to be over.
    func toldNotices() throws -> [ToldNotice]
    /// What was in force of an origin of manifests; `nil` if nothing ever was.
    func fleetInForce(of origin: String) throws -> FleetInForce?
    /// The profile sets whose devices are known, with what names these devices.
    func memberDigests() throws -> [String: ContentDigest]
    /// The devices of a profile set, in their order; `nil` if nobody has named it yet.
    func members(of profileSet: String) throws -> ContiguousArray<DeviceKey>?
    /// The manifests that controllers act by, also those of controllers that have ended.
    func revisionsInForce() throws -> [RevisionInForce]
    /// What an account is known to take in one call.
    func limits(of account: AccountName) throws -> AccountLimits
}

/// What can be written within a transaction.
public protocol StateTransaction: StateReader {
    /// Adds or replaces records; each gets the next version. Operations are saved apart.
    func save(_ devices: [DeviceRecord]) throws
    /// Adds a request and gives it a number.
    func addRequest(
        _ kind: RequestRecord.Kind, account: AccountName, deviceCount: Int, at: Timestamp, by run: RunNumber?
    ) throws -> RequestRecord
    func update(_ request: RequestRecord) throws
    /// Adds an operation in the phase `intended` for each device and makes it the device's latest.
    func addOperations(_ intents: [OperationIntent], under request: RequestNumber, at: Timestamp) throws -> [Operation]
    func update(_ operations: [Operation]) throws
    /// Keeps callbacks; a repeat only raises the number of deliveries of the kept one.
    func keep(_ callbacks: [NewCallback]) throws
    func mark(_ callback: CallbackNumber, as verdict: CallbackVerdict, device: DeviceKey?) throws
    /// Marks a callback as an answer, or a part of it, to a device list.
    func mark(_ callback: CallbackNumber, asAnswerTo request: RequestNumber) throws
    /// Drops the texts of the answers to device lists that were asked for before `time`.
    func forgetDeviceLists(askedBefore time: Timestamp) throws
    /// Notes when a device was last seen as it is known, and by whom. Its record keeps its version.
    func confirm(_ key: DeviceKey, at: Timestamp, source: ObservationSource) throws
    func append(_ events: [StateEvent]) throws
    func raiseCounter(_ name: String, by amount: Int64) throws
    func save(_ signIn: SignInRecord) throws
    func save(_ contact: SignInContact) throws
    func save(_ lease: Lease) throws
    func removeLease(_ name: LeaseName) throws
    /// When an account may be called next.
    func pace(of account: AccountName) throws -> AccountPace
    func save(_ pace: AccountPace) throws
    func startRollout(of profileSet: String, at: Timestamp) throws -> RolloutRecord
    func update(_ rollout: RolloutRecord) throws
    func endRollout(_ number: RolloutNumber, at: Timestamp) throws
    func save(_ pause: Pause) throws
    func removePause(of scope: Pause.Scope) throws
    /// Writes down who is going to change something, before anything is changed.
    func startRun(_ cause: RunCause, at: Timestamp) throws -> RunNumber
    func endRun(_ number: RunNumber, as ending: String, at: Timestamp) throws
    /// Takes back that a run has begun, unless something bears its number.
    ///
    /// - Parameter mark: taken when it began.
    /// - Returns: whether it was taken back.
    func takeBackRun(_ number: RunNumber, begunAt mark: ActivityMark) throws -> Bool
    /// Deletes what `forgettable` has found.
    func forget(_ rows: [Int64], of part: HistoryPart) throws
    func save(_ notice: ToldNotice) throws
    /// Takes note that a condition is over, unless people have been told of it anew meanwhile.
    func forget(_ notice: ToldNotice) throws
    func save(_ fleet: FleetInForce) throws
    func save(_ limits: AccountLimits) throws
    func save(_ members: SetMembers) throws
    func removeMembers(of profileSet: String) throws
    func save(_ revision: RevisionInForce) throws
    func removeRevision(heldBy holder: String) throws
    /// Writes something that says nothing.
    func noteProbe(at: Timestamp) throws
}

extension StateReader {
    public func unreadCallbacks(limit: Int) throws -> [CallbackRecord] {
        try unreadCallbacks(after: nil, limit: limit)
    }
}

extension StateTransaction {
    /// Adds a request of no run.
    public func addRequest(
        _ kind: RequestRecord.Kind, account: AccountName, deviceCount: Int, at now: Timestamp
    ) throws -> RequestRecord {
        try addRequest(kind, account: account, deviceCount: deviceCount, at: now, by: nil)
    }

    /// Writes down who has changed something that is done at once.
    @discardableResult
    func note(_ cause: RunCause, at now: Timestamp) throws -> RunNumber {
        let number = try startRun(cause, at: now)
        try endRun(number, as: "done", at: now)
        return number
    }
}

/// By what a device is known, for rows that name it by some of it only.
public struct KnownIdentity: Hashable, Sendable {
    public let key: DeviceKey
    public let imei: IMEI?
    /// Whether it is known how its profile is.
    public let isTold: Bool

    public init(key: DeviceKey, imei: IMEI?, isTold: Bool = false) {
        self.key = key
        self.imei = imei
        self.isTold = isTold
    }
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
    /// The run that intends it.
    public let run: RunNumber?
    /// The profile set of the device.
    public let profileSet: String?

    public init(
        key: DeviceKey, action: ProfileAction, account: AccountName, smsr: SmsrOid, attempt: Int,
        rollout: RolloutNumber? = nil, run: RunNumber? = nil, profileSet: String? = nil
    ) {
        self.key = key
        self.action = action
        self.account = account
        self.smsr = smsr
        self.attempt = attempt
        self.rollout = rollout
        self.run = run
        self.profileSet = profileSet
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
        /// The file that was opened is no longer where it was.
        case replaced
        case other
    }

    public let reason: Reason
    public let description: String

    public init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
