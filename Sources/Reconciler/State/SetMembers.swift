import Crypto

/// The devices that a profile set had when it was last in use: a pause, or a rollout that failures stopped, holds them
/// whatever set names them later.
public struct SetMembers: Hashable, Sendable {
    public let profileSet: String
    /// Names the devices: the same for the same ones.
    public let digest: ContentDigest
    /// In their order.
    public let keys: ContiguousArray<DeviceKey>

    /// - Parameter keys: in their order.
    public init(profileSet: String, keys: ContiguousArray<DeviceKey>) {
        self.profileSet = profileSet
        self.keys = keys
        digest = ContentDigest(SHA256.hash(data: Self.packed(keys)))
    }
}

extension SetMembers {
    /// How many bytes a key takes: 16 of the EID and 10 of the ICCID, as packed digits.
    private static let keySize = 26

    static func packed(_ keys: ContiguousArray<DeviceKey>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(keys.count * keySize)
        for key in keys {
            withUnsafeBytes(of: key.eid.high.word.bigEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: key.eid.low.word.bigEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: key.iccid.high.word.bigEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: key.iccid.low.bigEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// - Returns: `nil` if these are no keys.
    static func keys(packed bytes: UnsafeRawBufferPointer) -> ContiguousArray<DeviceKey>? {
        guard bytes.count.isMultiple(of: keySize) else { return nil }
        var keys: ContiguousArray<DeviceKey> = []
        keys.reserveCapacity(bytes.count / keySize)
        for offset in stride(from: 0, to: bytes.count, by: keySize) {
            func word(_ place: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: UInt64.self))
            }
            let low = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt16.self))
            keys.append(
                DeviceKey(eid: EID(high: word(0), low: word(8)), iccid: ICCID(high: word(16), low: low)))
        }
        return keys
    }
}

extension DesiredFleet {
    /// The devices of each profile set, selected or not, in the order of the sets.
    func members() -> [SetMembers] {
        var keys = [ContiguousArray<DeviceKey>](repeating: [], count: sets.count)
        for device in devices { keys[Int(device.set)].append(device.key) }
        return zip(sets, keys).map { SetMembers(profileSet: $0.name, keys: $1) }
    }
}

extension StateTransaction {
    /// Writes down which devices the profile sets of a fleet have. A set that is held keeps the devices that it had when it
    /// was held; one that is neither held nor has a device left is forgotten.
    ///
    /// - Parameter isWhole: whether these are all devices of the sets.
    func note(_ members: [SetMembers], isWhole: Bool) throws {
        let stored = try memberDigests()
        let changed = members.filter { stored[$0.profileSet] != $0.digest }
        guard !changed.isEmpty else { return }
        let held = try heldSetNames()
        let named = Set(members.map(\.profileSet))
        for set in changed {
            let isAddition = !isWhole || held.contains(set.profileSet)
            guard isAddition, let before = try self.members(of: set.profileSet) else {
                try save(set)
                continue
            }
            let union = SetMembers(profileSet: set.profileSet, keys: Self.union(before, set.keys))
            if union.digest != stored[set.profileSet] { try save(union) }
        }
        for name in stored.keys where !named.contains(name) && !held.contains(name) {
            guard let before = try self.members(of: name) else { continue }
            let left = changed.reduce(before) { Self.difference($0, $1.keys) }
            if left.isEmpty {
                try removeMembers(of: name)
            } else if left.count < before.count {
                try save(SetMembers(profileSet: name, keys: left))
            }
        }
    }

    /// Forgets of sets that were let go the devices that another set names by now.
    func forgetMovedMembers(of names: [String]) throws {
        let stored = try memberDigests().keys
        for name in names {
            guard let before = try members(of: name) else { continue }
            var left = before
            for other in stored where other != name {
                left = Self.difference(left, try members(of: other) ?? [])
            }
            if left.isEmpty {
                try removeMembers(of: name)
            } else if left.count < before.count {
                try save(SetMembers(profileSet: name, keys: left))
            }
        }
    }

    private static func union(
        _ left: ContiguousArray<DeviceKey>, _ right: ContiguousArray<DeviceKey>
    ) -> ContiguousArray<DeviceKey> {
        var cursor = KeyCursor(left)
        return ContiguousArray((left + right.filter { cursor.row(of: $0) == nil }).sorted())
    }

    private static func difference(
        _ left: ContiguousArray<DeviceKey>, _ right: ContiguousArray<DeviceKey>
    ) -> ContiguousArray<DeviceKey> {
        var cursor = KeyCursor(right)
        return left.filter { cursor.row(of: $0) == nil }
    }
}

extension StateReader {
    /// The profile sets that people have paused, or whose rollout failures have stopped.
    func heldSetNames() throws -> Set<String> {
        let paused = try pauses().compactMap(\.scope.profileSet)
        return Set(paused + (try openRollouts().filter { $0.abort != nil }.map(\.profileSet)))
    }

    /// The profile sets that a run or a controller has named, and those that are held.
    func knownSetNames() throws -> Set<String> {
        Set(try memberDigests().keys).union(try heldSetNames()).union(try openRollouts().map(\.profileSet))
    }
}
