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

    private mutating func add(_ text: String, kind: String) {
        let isPlain = text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
        let id = isPlain ? text : text.filter { !$0.isWhitespace }
        switch kind.foldedForComparison {
        case "eid": if let eid = EID(id) { eids.append(eid) }
        case "iccid": if let iccid = ICCID(id) { iccids.append(iccid) }
        case "imei": if let imei = IMEI(id) { imeis.append(imei) }
        default: break
        }
    }
}
