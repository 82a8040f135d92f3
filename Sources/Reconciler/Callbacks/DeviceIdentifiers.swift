/// The identifiers by which a message names a device, each kind in the order in which it came.
struct DeviceIdentifiers: Hashable, Sendable {
    var eids: [EID] = []
    var iccids: [ICCID] = []
    var imeis: [IMEI] = []

    var isEmpty: Bool { eids.isEmpty && iccids.isEmpty && imeis.isEmpty }

    /// Reads `[{"id", "kind"}]`, one such object, or an object with the kinds as keys; the letter case of kinds and
    /// keys does not count (`thingspace.md`, section 8.5 and 8.6). Kinds that are of no use here are passed over.
    init(_ value: JSONValue?) {
        for element in value.map({ $0.isArray ? $0.elements : [$0] }) ?? [] {
            if let kind = element["kind"]?.text, let id = (element["id"] ?? element["identifier"])?.text {
                add(id, kind: kind)
            } else {
                for kind: StaticString in ["eid", "iccid", "imei"] {
                    if let id = element[kind]?.text { add(id, kind: "\(kind)") }
                }
            }
        }
    }

    mutating func add(_ other: DeviceIdentifiers) {
        eids += other.eids
        iccids += other.iccids
        imeis += other.imeis
    }

    private mutating func add(_ text: String, kind: String) {
        let id = Self.digits(text)
        switch kind.foldedForComparison {
        case "eid": if let eid = EID(id) { eids.append(eid) }
        case "iccid": if let iccid = ICCID(id) { iccids.append(iccid) }
        case "imei": if let imei = IMEI(id) { imeis.append(imei) }
        default: break
        }
    }
    /// The digits of an identifier as people and cards write it: with blanks or hyphens between them, and filled up with
    /// `F` at the end where the GSMA's form needs an even number of digits.
    private static func digits(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return text }
        var digits = text.filter { !$0.isWhitespace && $0 != "-" }
        while let last = digits.last, last == "F" || last == "f" { digits.removeLast() }
        return digits
    }
}
