import Foundation
import Reconciler

/// A fleet of a size, made from a seed: its YAML, three lines a device, and its devices.
struct FleetInput {
    static let account = "0342077109-00001"
    static let smsr = "1.3.6.1.4.1.31746.1.500.200.101.5"

    let devices: [DeviceKey]

    /// - Parameter shuffled: whether the devices are in no order, as in a file that people have added to.
    init(count: Int, seed: UInt64 = 1, shuffled: Bool = false) {
        var random = SeededGenerator(seed: seed)
        var devices: [DeviceKey] = []
        devices.reserveCapacity(count)
        for number in 0..<count {
            let serial = number * 7919 + Int.random(in: 0..<7919, using: &random)
            guard let eid = EID(Self.eid(serial)), let iccid = ICCID(Self.iccid(number * 37)) else { continue }
            devices.append(DeviceKey(eid: eid, iccid: iccid))
        }
        if shuffled { devices.shuffle(using: &random) }
        self.devices = devices
    }

    /// - Parameter rollout: how changes are let out, as YAML; nothing is said of it without one.
    func writeYAML(to path: String, rollout: String = "") throws {
        var text = """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata:
              name: benchmark
            defaults:
              accountName: "\(Self.account)"
              smsrOid: \(Self.smsr)
            \(rollout)
            devices:

            """
        for device in devices {
            text += "  - eid: \(device.eid)\n    iccid: \"\(device.iccid)\"\n    state: downloaded-enabled\n"
        }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Writes what the carrier is known to have: everything as the YAML wants it, but for every `n`th device.
    ///
    /// - Parameter step: each so-many-th device is downloaded and disabled; 0 for none.
    func writeState(to path: String, everyOther step: Int = 0) async throws {
        let store = try SQLiteStore(path: path)
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        for start in stride(from: 0, to: devices.count, by: 50_000) {
            let records = devices[start..<min(start + 50_000, devices.count)].enumerated().map { offset, key in
                let differs = step > 0 && (start + offset) % step == 0
                return DeviceRecord(
                    key: key, account: AccountName(Self.account),
                    observation: ProfileObservation(
                        state: differs ? .downloadedDisabled : .downloadedEnabled,
                        profileStatus: differs ? "DOWNLOAD_DISABLE" : "DOWNLOAD_ENABLE", at: now, source: .deviceListV2),
                    service: .active, reached: differs ? nil : .downloadedEnabled)
            }
            try await store.write { try $0.save(records) }
        }
    }

    private static func eid(_ serial: Int) -> String {
        let body = "89049032" + String(format: "%022ld", serial)
        let remainder = (body + "00").utf8.reduce(0) { ($0 * 10 + Int($1 - 0x30)) % 97 }
        return body + String(format: "%02d", 98 - remainder)
    }

    private static func iccid(_ serial: Int) -> String {
        let body = "891480000" + String(format: "%010ld", serial)
        var sum = 0
        for (offset, digit) in body.utf8.reversed().enumerated() {
            let value = Int(digit - 0x30) * (offset % 2 == 0 ? 2 : 1)
            sum += value > 9 ? value - 9 : value
        }
        return body + String((10 - sum % 10) % 10)
    }
}

/// SplitMix64: the same seed, the same numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
