import Foundation

/// Decodes an entry of `devices` straight from its events, if nothing about it is out of the ordinary.
///
/// It knows plain entries only: scalars under known keys, each once, all of them acceptable. Whatever else an entry
/// holds (aliases, merge keys, an unknown key, a value that will be complained of) is left to
/// `ManifestDocument.device`, which says the same of a plain entry, slower.
struct DeviceEntryDecoder {
    private var pairs: [LabelPair] = []

    /// - Returns: `false` if the entry is to be decoded the long way; nothing was added then.
    mutating func decode(
        _ tape: YAMLTape, number: Int, into list: inout DeclaredDevices, complaints: inout ComplaintList
    ) -> Bool {
        guard !tape.hasAliasOrAnchor, let first = tape.events.first, first.kind == .mappingStart else { return false }
        var entry = Entry()
        var position = 1
        while tape.events[position].isScalar {
            let value = tape.events[position + 1]
            guard let key = tape.withText(tape.events[position], Key.init), !entry.has(key) else { return false }
            entry.keys |= key.bit
            if key == .labels {
                guard value.kind == .mappingStart,
                    let next = decodeLabels(tape, from: position + 2, into: &list)
                else { return false }
                entry.labels = list.labels.number(of: pairs)
                position = next
                continue
            }
            guard value.isScalar, take(value, as: key, on: tape, into: &entry, &list) else { return false }
            position += 2
        }
        guard tape.events[position].kind == .end, let eid = entry.eid, let iccid = entry.iccid else { return false }
        let mark = first.mark
        IdentifierCheck(file: list.file, path: list.form.path(number)).check(
            eid, at: entry.eidMark ?? mark, iccid, at: entry.iccidMark ?? mark, complaints: &complaints)
        list.devices.append(
            DeclaredDevice(
                key: DeviceKey(eid: eid, iccid: iccid), state: entry.state, isFaulty: false, account: entry.account,
                smsr: entry.smsr, labels: entry.labels, line: first.line, entry: UInt32(clamping: number),
                column: UInt16(clamping: first.column), imeiDigits: entry.imei))
        return true
    }

    private struct Entry {
        var keys: UInt8 = 0
        var eid: EID?
        var iccid: ICCID?
        var eidMark: YAMLMark?
        var iccidMark: YAMLMark?
        var state: DesiredState?
        var account = DeclaredDevice.open
        var smsr = DeclaredDevice.open
        var labels: UInt32 = 0
        var imei = PackedDigits.none

        func has(_ key: Key) -> Bool { keys & key.bit != 0 }
    }

    private enum Key: UInt8 {
        case eid, iccid, imei, state, accountName, smsrOid, labels

        var bit: UInt8 { 1 << rawValue }

        init?(_ bytes: UnsafeRawBufferPointer) {
            switch bytes.count {
            case 3 where bytes.holds("eid"): self = .eid
            case 4 where bytes.holds("imei"): self = .imei
            case 5 where bytes.holds("iccid"): self = .iccid
            case 5 where bytes.holds("state"): self = .state
            case 6 where bytes.holds("labels"): self = .labels
            case 7 where bytes.holds("smsrOid"): self = .smsrOid
            case 11 where bytes.holds("accountName"): self = .accountName
            default: return nil
            }
        }
    }

    /// - Returns: `false` if the value is not acceptable.
    private func take(
        _ value: YAMLTape.Event, as key: Key, on tape: YAMLTape, into entry: inout Entry,
        _ list: inout DeclaredDevices
    ) -> Bool {
        switch key {
        case .eid:
            entry.eid = tape.withText(value) { EID(ascii: $0) }
            entry.eidMark = value.mark
            return entry.eid != nil
        case .iccid:
            entry.iccid = tape.withText(value) { ICCID(ascii: $0) }
            entry.iccidMark = value.mark
            return entry.iccid != nil
        case .imei:
            guard let imei = tape.withText(value, { IMEI(ascii: $0) }), DeviceValues.isAcceptable(imei) else {
                return false
            }
            entry.imei = imei.digits
            return true
        case .state:
            entry.state = tape.withText(value) { bytes in
                if bytes.holds("downloaded-enabled") { return .downloadedEnabled }
                return bytes.holds("downloaded-disabled") ? .downloadedDisabled : nil
            }
            return entry.state != nil
        case .accountName:
            guard !tape.isNull(value),
                let number = tape.withText(
                    value, { list.accounts.number($0, accept: { DeviceValues.account($0) != nil }) })
            else { return false }
            entry.account = UInt16(clamping: number)
            return true
        case .smsrOid:
            guard
                let number = tape.withText(value, { list.smsrs.number($0, accept: { DeviceValues.smsr($0) != nil }) })
            else { return false }
            entry.smsr = UInt16(clamping: number)
            return true
        case .labels:
            return false
        }
    }

    /// - Returns: the number of the event behind the labels; `nil` if they are not plain.
    private mutating func decodeLabels(_ tape: YAMLTape, from start: Int, into list: inout DeclaredDevices) -> Int? {
        pairs.removeAll(keepingCapacity: true)
        var position = start
        while tape.events[position].isScalar {
            let (key, value) = (tape.events[position], tape.events[position + 1])
            let isMerge = tape.withText(key) { $0.holds("<<") }
            guard value.isScalar, !isMerge, !tape.isNull(value) else { return nil }
            let pair = LabelPair(
                key: tape.withText(key) { list.labels.number(naming: $0) },
                value: tape.withText(value) { list.labels.number(naming: $0) })
            pairs.append(pair)
            guard pairs.count <= ManifestDocument.labelLimit else { return nil }
            position += 2
        }
        guard tape.events[position].kind == .end else { return nil }
        pairs.sort()
        guard zip(pairs, pairs.dropFirst()).allSatisfy({ $0.key != $1.key }) else { return nil }
        return position + 1
    }
}

extension YAMLTape {
    /// Whether a scalar is `~`, `null` or nothing at all, and not in quotes.
    fileprivate func isNull(_ event: Event) -> Bool {
        event.kind == .plainScalar
            && withText(event) { bytes in
                bytes.count <= 4 && YAMLNode.nullWords.contains(String(decoding: bytes, as: UTF8.self))
            }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of an ASCII text.
    fileprivate func holds(_ text: StaticString) -> Bool {
        guard let baseAddress, count == text.utf8CodeUnitCount else { return false }
        return memcmp(baseAddress, text.utf8Start, count) == 0
    }
}
