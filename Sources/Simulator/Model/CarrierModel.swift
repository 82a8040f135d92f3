import Foundation

/// The carrier as a value: devices, tokens, sessions, registrations, counters. No I/O and no clock; calls and the
/// time come in, answers and jobs go out. Only GUIDs are not decided by the seed.
struct CarrierModel: Sendable {
    /// Work that ends later: what becomes of the device then, and the messages that tell it.
    struct Job: Sendable {
        enum Kind: Sendable {
            case action(ProfileActionName, device: Int, attempt: Int)
            /// The success that follows a warning, under another requestId than that of the request.
            case afterWarning(ProfileActionName, device: Int, request: String)
            case deviceList(account: String, filter: DeviceListFilter)
            /// The failure that is delivered before the answer to its request.
            case earlyFailure(ProfileActionName, device: Int)
            /// The card carries out what was reported as failed.
            case lateSuccess(ProfileActionName, device: Int, isSilent: Bool)
            /// The card goes back from what was reported as a success.
            case rollback(ProfileActionName, device: Int, to: String)
            /// The message of an `enable` whose success came under an earlier request.
            case nothingToDo(ProfileActionName, device: Int)
            case unsolicited(UnsolicitedMessage, device: Int)
        }

        let kind: Kind
        let requestID: String
        /// When it ends, in seconds.
        let due: Double
    }

    /// A message to be delivered to the endpoint of an account.
    struct Message: Sendable {
        let account: String
        var requestID: String
        let members: [(String, JSON)]
        /// Tells this message's fate: duplicates, drops, reordering.
        let fate: String
        /// Whether it answers a device list: those always arrive as they are.
        var isList = false
    }

    struct Registration: Sendable {
        let url: String
        let username: String
        let password: String
        /// When the carrier forgets it, in seconds.
        var endsAt = Double.infinity
    }

    struct Bearer: Sendable {
        let token: String
        let issuedAt: Double
        /// The calls that it lives for.
        let life: Int
        var calls = 0
    }

    struct Session: Sendable {
        var usedAt: Double
        /// The calls that it lives for.
        let life: Int
        var calls = 0
    }

    let options: SimulatorOptions
    let chance: SeededChance
    private(set) var devices: [SimulatedDevice]
    private var indices: [String: Int] = [:]
    private var indicesByEID: [String: [Int]] = [:]
    private var indicesByIMEI: [String: [Int]] = [:]
    let accounts: Set<String>
    var counts = SimulatorCounts()

    var bearer: Bearer?
    var sessions: [String: Session] = [:]
    var refusedLogins = 0
    var registrations: [String: [String: Registration]] = [:]
    /// What the lists tell of every profile, whatever it is, while the carrier's records are out of order.
    var falseStatus: String?
    var requestTimes: [Double] = []
    var requests: [String: RequestRecord] = [:]
    var memory = BehaviorMemory()
    /// The first device of each account: what a carrier does to one device, it does to this one.
    let firstOfAccount: Set<Int>

    init(devices: [SimulatedDevice], options: SimulatorOptions) {
        self.devices = devices
        self.options = options
        chance = SeededChance(seed: options.seed)
        accounts = Set(devices.map(\.accountName))
        firstOfAccount = Set(
            Dictionary(zip(devices.map(\.accountName), devices.indices)) { first, _ in first }.values)
        for (index, device) in devices.enumerated() {
            indices[device.iccid] = index
            indicesByEID[device.eid, default: []].append(index)
            if let imei = device.imei { indicesByIMEI[imei, default: []].append(index) }
        }
    }

    /// The device with an ICCID, if the account has it.
    func index(iccid: String) -> Int? { indices[iccid].flatMap { devices[$0].isOnAccount ? $0 : nil } }

    /// The same, whether the account has it or not.
    func anyIndex(iccid: String) -> Int? { indices[iccid] }

    func indices(kind: String, id: String) -> [Int] {
        let found: [Int] =
            switch kind.lowercased() {
            case "iccid": indices[id].map { [$0] } ?? []
            case "eid": indicesByEID[id, default: []]
            case "imei": indicesByIMEI[id, default: []]
            default: []
            }
        return found.filter { devices[$0].isOnAccount }
    }

    /// A GUID as no other process makes it: a client that keeps its records meets each requestId once.
    func nextGUID() -> String { UUID().uuidString.lowercased() }

    mutating func accept(_ index: Int, download: Bool) {
        devices[index].acceptedCalls += 1
        guard download else { return }
        devices[index].acceptedDownloads += 1
        if devices[index].isPresent || devices[index].downloadsStanding > 0 { counts.repeatedDownloads += 1 }
        devices[index].downloadsStanding += 1
        counts.mostDownloadsOfOneDevice = max(counts.mostDownloadsOfOneDevice, devices[index].acceptedDownloads)
    }

    /// A fault ends a token in earnest.
    mutating func endTokens(by fault: CarrierFault, session: String?) {
        if fault.endsBearer { bearer = nil }
        if fault.endsSession, let session { sessions[session] = nil }
    }

    mutating func downloadEnded(_ index: Int) {
        devices[index].downloadsStanding = max(0, devices[index].downloadsStanding - 1)
    }

    /// A download that was reported as failed is still carried out by the card.
    mutating func downloadGoesOn(_ index: Int) {
        devices[index].downloadsStanding += 1
    }

    /// Sets the status; enabling one profile of an eUICC disables the one that was enabled.
    mutating func set(_ status: String, of index: Int) {
        devices[index].profileStatus = status
        guard devices[index].isEnabled else { return }
        for other in indicesByEID[devices[index].eid, default: []] where other != index && devices[other].isEnabled {
            devices[other].profileStatus = "DISABLE"
        }
    }

    mutating func setState(_ state: String, of index: Int) {
        devices[index].state = state
    }

    mutating func set(isOnAccount: Bool, of index: Int) {
        devices[index].isOnAccount = isOnAccount
    }
}
