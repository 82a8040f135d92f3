import Foundation

/// The carrier as a value: devices, tokens, sessions, registrations, counters. No I/O and no clock; calls and the
/// time come in, answers and jobs go out.
struct CarrierModel: Sendable {
    /// Work that ends later: what becomes of the device then, and the messages that tell it.
    struct Job: Sendable {
        enum Kind: Sendable {
            case action(ProfileActionName, device: Int, attempt: Int)
            /// The success that follows a warning, under another requestId.
            case afterWarning(ProfileActionName, device: Int)
            case deviceList(account: String, filter: DeviceListFilter)
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
    }

    struct Bearer: Sendable {
        let token: String
        let issuedAt: Double
        var calls = 0
    }

    struct Session: Sendable {
        var usedAt: Double
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
    private var requestNumber: UInt64 = 0

    init(devices: [SimulatedDevice], options: SimulatorOptions) {
        self.devices = devices
        self.options = options
        chance = SeededChance(seed: options.seed)
        accounts = Set(devices.map(\.accountName))
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

    /// A GUID that depends on the seed and on how many there were.
    mutating func nextGUID() -> String {
        requestNumber += 1
        func word(_ salt: String) -> UInt64 {
            UInt64(chance.share(salt, String(requestNumber)) * Double(UInt64(1) << 53))
        }
        let hex =
            String(word("guid-high"), radix: 16) + String(word("guid-low"), radix: 16)
            + String(requestNumber, radix: 16)
        let digits = Array((String(repeating: "0", count: 32) + hex).suffix(32))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

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

/// What the simulator has counted.
public struct SimulatorCounts: Codable, Hashable, Sendable {
    /// Accepted requests for each action.
    public internal(set) var acceptedRequests: [String: Int] = [:]
    /// Devices in accepted requests for each action.
    public internal(set) var acceptedDevices: [String: Int] = [:]
    /// Requests that were refused.
    public internal(set) var refusedRequests = 0
    /// Accepted downloads of a profile that was there already, or whose download was still under way.
    public internal(set) var repeatedDownloads = 0
    public internal(set) var mostDownloadsOfOneDevice = 0
    public internal(set) var tokensIssued = 0
    public internal(set) var logins = 0
    public internal(set) var refusedLogins = 0
    public internal(set) var throttledRequests = 0
    /// Calls that met a fault, by its name.
    public internal(set) var faults: [String: Int] = [:]
    public internal(set) var callbacksSent = 0
    public internal(set) var callbacksAcknowledged = 0
    public internal(set) var callbacksDropped = 0
    /// Answers to device lists that were never sent.
    public internal(set) var listsDropped = 0
    public internal(set) var callbacksLate = 0
    public internal(set) var callbacksWithWrongCredentials = 0
    public internal(set) var callbacksUnderOtherRequests = 0
    /// Messages that named their device by its IMEI, without the ICCID.
    public internal(set) var callbacksByIMEI = 0
    /// Messages that were never acknowledged, or for which nobody was registered.
    public internal(set) var callbacksGivenUp = 0
}
