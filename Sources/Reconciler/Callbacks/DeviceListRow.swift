/// One device in the answer to a v2 device list.
///
/// Nobody has published such an answer (`thingspace.md`, section 4.2), so rows are looked for anywhere in it: an
/// object within an array that names a device.
struct DeviceListRow: Hashable, Sendable {
    let identifiers: DeviceIdentifiers
    let profileStatus: String?
    let serviceState: ServiceState?
    let smsr: SmsrOid?

    /// Whether a message holds at least one row.
    static func isAny(in message: JSONValue) -> Bool {
        message.elements.contains { DeviceListRow($0) != nil || isAny(in: $0) }
            || message.members.contains { member in
                !listKeys.contains(where: { member.name.isText($0) }) && isAny(in: member.value)
            }
    }

    static func rows(in message: JSONValue) -> [DeviceListRow] {
        var rows: [DeviceListRow] = []
        collect(from: message, into: &rows)
        return rows
    }

    private static let listKeys: [StaticString] = ["deviceIds", "ids", "device", "deviceIdentifierCollection"]

    private static func collect(from value: JSONValue, into rows: inout [DeviceListRow]) {
        for element in value.elements {
            if let row = DeviceListRow(element) {
                rows.append(row)
            } else {
                collect(from: element, into: &rows)
            }
        }
        for member in value.members where !listKeys.contains(where: { member.name.isText($0) }) {
            collect(from: member.value, into: &rows)
        }
    }

    private init?(_ element: JSONValue) {
        guard element.isObject, element["kind"] == nil else { return nil }
        var identifiers = DeviceIdentifiers(element)
        for key in Self.listKeys {
            let listed = DeviceIdentifiers(element[key])
            identifiers.eids += listed.eids
            identifiers.iccids += listed.iccids
            identifiers.imeis += listed.imeis
        }
        guard !identifiers.isEmpty else { return nil }
        self.identifiers = identifiers
        profileStatus = Self.text(["profileStatus", "profile_status"], in: element)
        serviceState = Self.text(["state", "provisioningStatus", "deviceState"], in: element)
            .map { ServiceState(carrierWord: $0) }
        smsr = Self.text(["smsrOid", "smrsOid"], in: element).map { SmsrOid($0) }
    }

    /// The first of the keys in the object, or in the objects and lists right within it.
    private static func text(_ keys: [StaticString], in element: JSONValue) -> String? {
        for key in keys {
            if let text = element[key]?.text { return text }
        }
        for member in element.members.map(\.value) {
            for candidate in [member] + member.elements {
                for key in keys {
                    if let text = candidate[key]?.text { return text }
                    if candidate["key"]?.text?.foldedForComparison == "\(key)".foldedForComparison,
                        let text = candidate["value"]?.text
                    {
                        return text
                    }
                }
            }
        }
        return nil
    }
}
