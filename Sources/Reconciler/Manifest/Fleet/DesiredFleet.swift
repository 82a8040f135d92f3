/// One device of the desired fleet, small enough for millions: names are numbers into the fleet's tables.
public struct DesiredDevice: Sendable {
    public let key: DeviceKey
    public let state: DesiredState
    let account: UInt16
    let smsr: UInt16
    let set: UInt16
    let file: UInt16
    let labels: UInt32
    let line: UInt32
    let column: UInt16
    /// The IMEI, or no digits at all.
    let imeiDigits: PackedDigits

    fileprivate func moved(to set: UInt16) -> DesiredDevice {
        DesiredDevice(
            key: key, state: state, account: account, smsr: smsr, set: set, file: file, labels: labels, line: line,
            column: column, imeiDigits: imeiDigits)
    }

    public var imei: IMEI? { imeiDigits == .none ? nil : IMEI(word: imeiDigits.word) }
}

/// A profile set: the document that a device comes from.
public struct ProfileSet: Hashable, Sendable {
    public let name: String
    public let rollout: RolloutPolicy
    /// What a controller does when devices of the set move away from what was reached.
    public let drift: DriftPolicy
    public let place: SourcePlace?

    init(name: String, rollout: RolloutPolicy, drift: DriftPolicy = .correct, place: SourcePlace?) {
        self.name = name
        self.rollout = rollout
        self.drift = drift
        self.place = place
    }
}

/// What the YAML declares, over all files: the devices in the order of their keys.
public struct DesiredFleet: Sendable {
    public internal(set) var devices: ContiguousArray<DesiredDevice> = []
    public internal(set) var accounts: [AccountName] = []
    public internal(set) var smsrs: [SmsrOid] = []
    public internal(set) var sets: [ProfileSet] = []
    var labels = LabelTable()
    var files: [String] = []
    /// The part that a command is about; `nil` for all of it.
    public internal(set) var selection: FleetSelection?

    public init() {}

    public func accountName(of device: DesiredDevice) -> AccountName { accounts[Int(device.account)] }
    public func smsrOid(of device: DesiredDevice) -> SmsrOid { smsrs[Int(device.smsr)] }
    public func labels(of device: DesiredDevice) -> [String: String] { labels.labels(device.labels) }
    public func profileSet(of device: DesiredDevice) -> ProfileSet { sets[Int(device.set)] }

    /// The same fleet as if the manifests of some profile sets were not there.
    func leavingOut(sets names: Set<String>) -> DesiredFleet {
        guard !names.isEmpty else { return self }
        var fleet = self
        var numbers: [UInt16?] = []
        fleet.sets = []
        for set in sets {
            numbers.append(names.contains(set.name) ? nil : UInt16(clamping: fleet.sets.count))
            if !names.contains(set.name) { fleet.sets.append(set) }
        }
        fleet.devices = devices.reduce(into: []) { kept, device in
            if let number = numbers[Int(device.set)] { kept.append(device.moved(to: number)) }
        }
        return fleet
    }

    /// Whether a device is declared.
    func contains(_ key: DeviceKey) -> Bool { index(of: key) != nil }

    /// The number of a device, if it is declared.
    func index(of key: DeviceKey) -> Int? {
        var (low, high) = (0, devices.count)
        while low < high {
            let middle = (low + high) / 2
            if devices[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low < devices.count && devices[low].key == key ? low : nil
    }

    public func place(of device: DesiredDevice) -> SourcePlace {
        SourcePlace(file: files[Int(device.file)], line: Int(device.line), column: Int(device.column))
    }
}
