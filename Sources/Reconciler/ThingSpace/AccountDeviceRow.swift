/// One device in the answer to a v1 device list.
///
/// Everything in it may be absent, and names are compared without regard to case. A profile status was found in no
/// published answer; it is taken where it stands in the row itself or among the extended attributes, and nowhere else.
/// Source: `thingspace.md`, section 4.1.
public struct AccountDeviceRow: Hashable, Sendable {
    let identifiers: DeviceIdentifiers
    /// The account that the row itself names.
    let account: AccountName?
    let service: ServiceState?
    /// The carrier's word for the profile status, unless the row names several that differ.
    let profileStatus: String?
    /// Why the row does not tell the profile status although it names one.
    let unclearStatus: String?
    let smsr: SmsrOid?
    let groups: [String]
    let customFields: [String: String]
    /// The carrier's number for the device, by which the list is sorted and its pages are found.
    let number: UInt64?

    /// - Parameter enclosing: the account that the page names.
    /// - Returns: `nil` if it is no object.
    init?(_ row: JSONValue, enclosing: AccountName? = nil) {
        guard row.isObject else { return nil }
        let attributes = Self.pairs(row["extendedAttributes"])
        func attribute(_ name: String) -> String? {
            attributes.first { $0.key.foldedForComparison == name }?.value
        }
        var identifiers = DeviceIdentifiers(row["deviceIds"])
        if identifiers.eids.isEmpty, let eid = attribute("eid").flatMap({ EID($0) }) { identifiers.eids = [eid] }
        self.identifiers = identifiers
        account = row["accountName"]?.text.map { AccountName($0) } ?? enclosing
        service = Self.service(row["carrierInformations"]) ?? row["state"]?.text.map { ServiceState(carrierWord: $0) }
        let words =
            [row["profileStatus"]?.text].compactMap(\.self)
            + attributes.filter { $0.key.foldedForComparison == "profilestatus" }.map(\.value)
        // What a card's list of profiles says of the same profile must not contradict it.
        let listed = DeviceListRow.rows(in: row).first { row in
            row.identifiers.iccids.count == 1 && row.identifiers.iccids == identifiers.iccids
        }
        var trouble: String?
        if case .unclear(let why) = listed?.status { trouble = why }
        let isClear = trouble == nil && Set(words.map(\.foldedForComparison)).count < 2
        profileStatus = isClear ? words.first : nil
        unclearStatus =
            isClear
            ? nil : trouble ?? "its row names several profile statuses: \(Set(words).sorted().joined(separator: ", "))"
        smsr = (row["smsrOid"]?.text ?? attribute("smsroid")).map { SmsrOid($0) }
        groups = row["groupNames"]?.elements.compactMap(\.text) ?? []
        customFields = Dictionary(Self.pairs(row["customFields"])) { first, _ in first }
        number = attribute("deviceid").flatMap { UInt64($0) }
    }

    /// Reads `[{"key", "value"}]`; those without a value are left out.
    private static func pairs(_ value: JSONValue?) -> [(key: String, value: String)] {
        value?.elements.compactMap { element in
            guard let key = element["key"]?.text, let value = element["value"]?.text else { return nil }
            return (key, value)
        } ?? []
    }

    /// The state of the line with Verizon; where none names Verizon, and the lines differ, one that allows no change.
    static func service(_ value: JSONValue?) -> ServiceState? {
        let lines: [(carrier: String, state: ServiceState)] =
            value?.elements.compactMap { element in
                element["state"]?.text.map {
                    (element["carrierName"]?.text?.lowercased() ?? "", ServiceState(carrierWord: $0))
                }
            } ?? []
        let ours = lines.filter { $0.carrier.contains("verizon") }
        let states = (ours.isEmpty ? lines : ours).map(\.state)
        return states.first { !$0.allowsChange } ?? states.first
    }
}
