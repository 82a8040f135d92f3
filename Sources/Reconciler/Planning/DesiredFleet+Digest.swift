import Crypto

extension DesiredFleet {
    /// Names all that the YAML declares of devices and roll-outs: the same for equal declarations, wherever they
    /// stand and in whatever order.
    var digest: ContentDigest {
        var hash = FleetHash()
        for set in sets.sorted(by: { $0.name < $1.name }) {
            hash.add(set.name.utf8)
            hash.add(set.rollout.json.canonicalBytes)
            if set.drift != .correct { hash.add("drift: \(set.drift.rawValue)".utf8) }
        }
        // Most devices share these, so they are put together once.
        let accounts = accounts.map { Array($0.description.utf8) }
        let smsrs = smsrs.map { Array($0.description.utf8) }
        let sets = sets.map { Array($0.name.utf8) }
        var labelTexts: [UInt32: [UInt8]] = [:]
        for device in devices {
            hash.add { text in
                device.key.eid.appendDigits(to: &text)
                text.append(FleetHash.separator)
                device.key.iccid.appendDigits(to: &text)
                text.append(FleetHash.separator)
                device.imei?.digits.appendDigits(to: &text)
                text.append(device.state == .downloadedEnabled ? 0x2B : 0x2D)
            }
            hash.add(accounts[Int(device.account)])
            hash.add(smsrs[Int(device.smsr)])
            hash.add(sets[Int(device.set)])
            if device.labels > 0 {
                let text = labelTexts[device.labels] ?? Self.text(of: labels(of: device))
                labelTexts[device.labels] = text
                hash.add(text)
            }
        }
        return hash.digest()
    }

    private static func text(of labels: [String: String]) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("labels", labels) }
        return json.bytes
    }
}

/// Hashes texts with an end behind each, many at once.
private struct FleetHash {
    static let separator: UInt8 = 0x0A
    private static let pieceSize = 1 << 16

    private var hash = SHA256()
    private var text: [UInt8] = []

    mutating func add(_ bytes: some Sequence<UInt8>) {
        add { $0.append(contentsOf: bytes) }
    }

    mutating func add(_ write: (inout [UInt8]) -> Void) {
        write(&text)
        text.append(Self.separator)
        if text.count > Self.pieceSize { flush() }
    }

    mutating func digest() -> ContentDigest {
        flush()
        return ContentDigest(hash.finalize())
    }

    private mutating func flush() {
        hash.update(data: text)
        text.removeAll(keepingCapacity: true)
    }
}
