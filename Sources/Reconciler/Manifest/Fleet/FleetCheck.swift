/// Checks the desired fleet as a whole: what does not go together is complained of with both places.
enum FleetCheck {
    /// Sorts the devices by their keys; equal ones stay in the order of the files, so that the second is the one that
    /// is complained of. The parts of a list come sorted, so that this merges them.
    static func sort(_ fleet: inout DesiredFleet) {
        let isSorted = zip(fleet.devices, fleet.devices.dropFirst()).allSatisfy { $0.key < $1.key }
        if isSorted { return }
        fleet.devices.sort { left, right in
            if left.key != right.key { return left.key < right.key }
            return (left.file, left.line, left.column) < (right.file, right.line, right.column)
        }
    }

    static func removeRepeats(from fleet: inout DesiredFleet, complaints: inout ComplaintList) {
        guard zip(fleet.devices, fleet.devices.dropFirst()).contains(where: { $0.key == $1.key }) else { return }
        var kept: ContiguousArray<DesiredDevice> = []
        kept.reserveCapacity(fleet.devices.count)
        for device in fleet.devices {
            guard let first = kept.last, first.key == device.key else {
                kept.append(device)
                continue
            }
            let found = "the device \(device.key) a second time"
            if first.set != device.set {
                let (name, other) = (fleet.profileSet(of: device).name, fleet.profileSet(of: first).name)
                complaints.add(
                    Complaint(
                        .error, .conflict, at: fleet.place(of: device),
                        found: "the device \(device.key) in the profile set `\(name)` as well as in `\(other)`",
                        expected: "each device in one set, whose policy holds for it",
                        related: fleet.place(of: first)))
            } else if first.state == device.state, first.account == device.account, first.smsr == device.smsr {
                complaints.warn { severity in
                    Complaint(
                        severity, .repetition, at: fleet.place(of: device), found: found, expected: "each device once",
                        related: fleet.place(of: first))
                }
            } else {
                complaints.add(
                    Complaint(
                        .error, .conflict, at: fleet.place(of: device),
                        found: found + ", with another state, account or SM-SR",
                        expected: "one declaration of a device", related: fleet.place(of: first)))
            }
        }
        fleet.devices = kept
    }

    static func checkEnabledProfiles(of fleet: DesiredFleet, complaints: inout ComplaintList) {
        var enabled: DesiredDevice?
        for device in fleet.devices where device.state == .downloadedEnabled {
            if let first = enabled, first.key.eid == device.key.eid {
                complaints.add(
                    Complaint(
                        .error, .conflict, at: fleet.place(of: device),
                        found: "a second profile that is to be enabled on EID \(device.key.eid)",
                        expected: "at most one, since an eUICC enables one profile at a time",
                        related: fleet.place(of: first)))
            }
            enabled = device
        }
    }

    static func checkICCIDs(of fleet: DesiredFleet, complaints: inout ComplaintList) {
        let isAscending = zip(fleet.devices, fleet.devices.dropFirst()).allSatisfy { $0.key.iccid < $1.key.iccid }
        if isAscending { return }
        var seen = ICCIDIndex(capacity: fleet.devices.count)
        for index in fleet.devices.indices {
            guard let other = seen.insert(index, in: fleet.devices) else { continue }
            let (first, second) = (fleet.devices[other], fleet.devices[index])
            complaints.add(
                Complaint(
                    .error, .conflict, at: fleet.place(of: second), found: "ICCID \(second.key.iccid) on a second EID",
                    expected: "each ICCID on one EID", related: fleet.place(of: first)))
        }
    }

    /// An IMEI names the device in some callbacks: on several eUICCs it names none.
    static func checkIMEIs(of fleet: DesiredFleet, complaints: inout ComplaintList) {
        guard fleet.devices.contains(where: { $0.imeiDigits != .none }) else { return }
        var seen: [UInt64: Int] = [:]
        seen.reserveCapacity(fleet.devices.count)
        for (index, device) in fleet.devices.enumerated() where device.imeiDigits != .none {
            guard let other = seen[device.imeiDigits.word] else {
                seen[device.imeiDigits.word] = index
                continue
            }
            let first = fleet.devices[other]
            guard first.key.eid != device.key.eid else { continue }
            complaints.warn { severity in
                Complaint(
                    severity, .conflict, at: fleet.place(of: device),
                    found: "IMEI \(IMEI(word: device.imeiDigits.word)) on a second EID",
                    expected: "each IMEI on one EID",
                    hint: "callbacks that name a device by its IMEI find none of them",
                    related: fleet.place(of: first))
            }
        }
    }
}

/// Finds devices by ICCID: a hash table of 8 bytes a slot, since a dictionary of a million keys takes longer than
/// reading them.
private struct ICCIDIndex {
    /// The upper half of the hash, and the number of the device from 1; 0 is a free slot.
    private var slots: ContiguousArray<UInt64>
    private let mask: Int

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = ContiguousArray(repeating: 0, count: size)
        mask = size - 1
    }

    /// - Returns: the number of another device that has the ICCID, if there is one.
    mutating func insert(_ number: Int, in devices: ContiguousArray<DesiredDevice>) -> Int? {
        let iccid = devices[number].key.iccid
        var hash = iccid.high.word &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(iccid.low) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 29
        hash &*= 0xBF58_476D_1CE4_E5B9
        let entry = hash & 0xFFFF_FFFF_0000_0000 | UInt64(UInt32(clamping: number + 1))
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if slots[slot] >> 32 == entry >> 32 {
                let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
                if devices[other].key.iccid == iccid { return other }
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = entry
        return nil
    }
}
