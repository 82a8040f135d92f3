/// What a change of the manifests means for the devices that they declare, without any state: pure, from the fleet
/// before and the fleet after.
public struct FleetDifference: Sendable {
    /// One thing that is declared otherwise.
    public struct Change: Hashable, Sendable {
        /// `state`, `accountName`, `smsrOid`, `imei`, `profileSet`, or `labels.KEY`; of a roll-out policy, its key.
        public let field: String
        /// `nil` if it was not declared.
        public let before: String?
        /// `nil` if it is not declared any more.
        public let after: String?
    }

    /// A device that is declared before and after, and not in the same way.
    public struct ChangedDevice: Hashable, Sendable {
        public let key: DeviceKey
        public let changes: [Change]
    }

    /// A profile set that is new, gone, or whose roll-out policy has changed.
    public enum ProfileSetChange: Hashable, Sendable {
        case added(String)
        case removed(String)
        case changed(String, [Change])
    }

    /// What a list is about.
    public enum Kind: String, CaseIterable, Sendable {
        case added
        /// No longer declared: shown from then on, never touched.
        case removed
        case changed
    }

    private let before: DesiredFleet
    private let after: DesiredFleet
    /// Into the devices after.
    private var addedDevices: ContiguousArray<UInt32> = []
    /// Into the devices before.
    private var removedDevices: ContiguousArray<UInt32> = []
    /// Into both.
    private var changedDevices: ContiguousArray<(before: UInt32, after: UInt32)> = []
    public private(set) var unchangedCount = 0
    /// In the order of the names.
    public let profileSets: [ProfileSetChange]

    /// Merges the two fleets, both in the order of their keys.
    public init(from before: DesiredFleet, to after: DesiredFleet) {
        self.before = before
        self.after = after
        profileSets = Self.profileSets(before.sets, after.sets)
        var comparison = DeviceComparison(before, after)
        var (old, new) = (0, 0)
        while old < before.devices.count || new < after.devices.count {
            let oldKey = old < before.devices.count ? before.devices[old].key : nil
            let newKey = new < after.devices.count ? after.devices[new].key : nil
            if let oldKey, newKey.map({ oldKey < $0 }) ?? true {
                removedDevices.append(UInt32(clamping: old))
                old += 1
            } else if let newKey, oldKey.map({ newKey < $0 }) ?? true {
                addedDevices.append(UInt32(clamping: new))
                new += 1
            } else {
                if comparison.areAlike(before.devices[old], after.devices[new]) {
                    unchangedCount += 1
                } else {
                    changedDevices.append((UInt32(clamping: old), UInt32(clamping: new)))
                }
                old += 1
                new += 1
            }
        }
    }

    public var isEmpty: Bool {
        addedDevices.isEmpty && removedDevices.isEmpty && changedDevices.isEmpty && profileSets.isEmpty
    }

    public func count(_ kind: Kind) -> Int {
        switch kind {
        case .added: addedDevices.count
        case .removed: removedDevices.count
        case .changed: changedDevices.count
        }
    }

    /// The devices that are new, in the order of their keys, with all that is declared of them.
    public var added: some RandomAccessCollection<ChangedDevice> {
        addedDevices.lazy.map { number in
            let device = after.devices[Int(number)]
            return ChangedDevice(
                key: device.key,
                changes: Self.fields(of: device, in: after).map { Change(field: $0, before: nil, after: $1) })
        }
    }

    /// The devices that are no longer declared, in the order of their keys, with all that was declared of them.
    public var removed: some RandomAccessCollection<ChangedDevice> {
        removedDevices.lazy.map { number in
            let device = before.devices[Int(number)]
            return ChangedDevice(
                key: device.key,
                changes: Self.fields(of: device, in: before).map { Change(field: $0, before: $1, after: nil) })
        }
    }

    /// The devices that are declared otherwise, in the order of their keys.
    public var changed: some RandomAccessCollection<ChangedDevice> {
        changedDevices.lazy.map { numbers in
            let old = before.devices[Int(numbers.before)]
            let new = after.devices[Int(numbers.after)]
            return ChangedDevice(
                key: new.key,
                changes: Self.changes(Self.fields(of: old, in: before), Self.fields(of: new, in: after)))
        }
    }

    private static func fields(of device: DesiredDevice, in fleet: DesiredFleet) -> [(field: String, value: String)] {
        var fields = [
            ("state", device.state.rawValue), ("accountName", fleet.accountName(of: device).description),
            ("smsrOid", fleet.smsrOid(of: device).description), ("profileSet", fleet.profileSet(of: device).name),
        ]
        if let imei = device.imei { fields.append(("imei", imei.description)) }
        fields += fleet.labels(of: device).sorted { $0.key < $1.key }.map { ("labels.\($0.key)", $0.value) }
        return fields
    }

    private static func changes(
        _ before: [(field: String, value: String)], _ after: [(field: String, value: String)]
    ) -> [Change] {
        let old = Dictionary(before.map { ($0.field, $0.value) }) { first, _ in first }
        let new = Dictionary(after.map { ($0.field, $0.value) }) { first, _ in first }
        let fields = after.map(\.field) + before.map(\.field).filter { new[$0] == nil }
        return fields.filter { old[$0] != new[$0] }.map { Change(field: $0, before: old[$0], after: new[$0]) }
    }

    private static func profileSets(_ before: [ProfileSet], _ after: [ProfileSet]) -> [ProfileSetChange] {
        let old = Dictionary(before.map { ($0.name, $0) }) { first, _ in first }
        let new = Dictionary(after.map { ($0.name, $0) }) { first, _ in first }
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            guard let oldSet = old[name] else { return .added(name) }
            guard let newSet = new[name] else { return .removed(name) }
            let changes = changes(fields(of: oldSet), fields(of: newSet))
            return changes.isEmpty ? nil : .changed(name, changes)
        }
    }

    private static func fields(of set: ProfileSet) -> [(field: String, value: String)] {
        let rollout = set.rollout.json.members.compactMap { name, value in
            name.string.map { ($0, String(decoding: value.canonicalBytes, as: UTF8.self)) }
        }
        return rollout + [("drift", set.drift.rawValue)]
    }
}

/// Compares devices of two fleets by the numbers of their names: each pair of names is compared once.
private struct DeviceComparison {
    private let before: DesiredFleet
    private let after: DesiredFleet
    /// The numbers after of the names before, `nil` for those that are not there any more.
    private let accounts: [UInt16?]
    private let smsrs: [UInt16?]
    private let sets: [UInt16?]
    private var labels: [UInt64: Bool] = [:]

    init(_ before: DesiredFleet, _ after: DesiredFleet) {
        self.before = before
        self.after = after
        accounts = Self.numbers(before.accounts, after.accounts)
        smsrs = Self.numbers(before.smsrs, after.smsrs)
        sets = Self.numbers(before.sets.map(\.name), after.sets.map(\.name))
    }

    private static func numbers<Name: Hashable>(_ before: [Name], _ after: [Name]) -> [UInt16?] {
        let numbers = Dictionary(after.enumerated().map { ($1, UInt16(clamping: $0)) }) { first, _ in first }
        return before.map { numbers[$0] }
    }

    mutating func areAlike(_ old: DesiredDevice, _ new: DesiredDevice) -> Bool {
        old.state == new.state && old.imeiDigits == new.imeiDigits && accounts[Int(old.account)] == new.account
            && smsrs[Int(old.smsr)] == new.smsr && sets[Int(old.set)] == new.set
            && labelsAreAlike(old.labels, new.labels)
    }

    private mutating func labelsAreAlike(_ old: UInt32, _ new: UInt32) -> Bool {
        let pair = UInt64(old) << 32 | UInt64(new)
        if let known = labels[pair] { return known }
        let areAlike = before.labels.labels(old) == after.labels.labels(new)
        labels[pair] = areAlike
        return areAlike
    }
}
