/// One `ProfileSet` document, decoded but for the defaults, which are filled in when the whole document was read.
struct ManifestDocument {
    static let apiVersion = "profilectl/v1"
    static let kind = "ProfileSet"

    /// What a document says of devices that do not say it themselves.
    struct Defaults {
        var account: AccountName?
        var smsr: SmsrOid?
        var state: DesiredState?
        var labels: [String: String] = [:]
        /// Whether something of them, or beside them, was complained of: what devices lack may be meant there.
        var isFaulty = false
    }

    /// A CSV that holds further devices.
    struct Source {
        let csv: String
        let place: SourcePlace
        let path: ValuePath
    }

    let file: String
    private(set) var name: String?
    private(set) var namePlace: SourcePlace?
    private(set) var metadataLabels: [String: String] = [:]
    private(set) var defaults = Defaults()
    private(set) var rollout = RolloutPolicy()
    private(set) var drift = DriftPolicy.correct
    private(set) var sources: [Source] = []
    /// The devices of the document and of its CSVs, in their order.
    var lists: [DeclaredDevices] = []
    /// Whether something of it, or of its tables, was complained of.
    var isFaulty = false

    init(file: String) {
        self.file = file
    }

    // MARK: The top

    /// Takes everything but the list of devices.
    mutating func take(_ top: YAMLNode, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                top, file: file, path: "", known: ManifestShape.document.keys, complaints: &complaints)
        else { return }
        takeKind(reader, complaints: &complaints)
        if let node = reader.node("metadata") {
            takeMetadata(node, complaints: &complaints)
        } else {
            reader.missing("metadata", expected: "a mapping with the `name` of the set", complaints: &complaints)
        }
        let errorsBefore = complaints.errorCount
        if let node = reader.node("defaults"), !node.isNull { takeDefaults(node, complaints: &complaints) }
        defaults.isFaulty = complaints.errorCount > errorsBefore || reader.hasUnknownKeys
        if let node = reader.node("devicesFrom"), !node.isNull { takeSources(node, complaints: &complaints) }
        if let node = reader.node("rollout"), !node.isNull {
            rollout = RolloutPolicy(node, file: file, complaints: &complaints)
        }
        let policies = DriftPolicy.allCases.map(\.rawValue)
        drift =
            reader.scalar(
                "drift", expected: "correct, report or off", complaints: &complaints,
                hint: { NearestWord.hint(for: $0, among: policies) }, parse: { DriftPolicy(rawValue: $0) }) ?? drift
    }

    private func takeKind(_ reader: MappingReader, complaints: inout ComplaintList) {
        for (key, expected) in [("apiVersion", Self.apiVersion), ("kind", Self.kind)] {
            if reader.node(key) == nil {
                reader.missing(key, expected: "`\(expected)`", complaints: &complaints)
            } else {
                _ = reader.scalar(
                    key, expected: "`\(expected)`", complaints: &complaints,
                    hint: { NearestWord.hint(for: $0, among: [expected]) }, parse: { $0 == expected ? $0 : nil })
            }
        }
    }

    private mutating func takeMetadata(_ node: YAMLNode, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "metadata", known: ManifestShape.metadata.keys, complaints: &complaints)
        else { return }
        let expected = "a name of letters, digits, dots and dashes"
        if reader.node("name") == nil {
            reader.missing("name", expected: expected, complaints: &complaints)
        } else {
            name = reader.scalar("name", expected: expected, complaints: &complaints) { text in
                let isName =
                    !text.isEmpty && text.utf8.count <= 253
                    && text.utf8.allSatisfy { byte in
                        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == 0x2D
                            || byte == 0x2E
                            || byte == 0x5F
                    }
                return isName ? text : nil
            }
            namePlace = reader.place(of: "name")
        }
        metadataLabels = Self.labels(reader, complaints: &complaints)
    }

    private mutating func takeDefaults(_ node: YAMLNode, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "defaults", known: ManifestShape.defaults.keys, complaints: &complaints)
        else { return }
        defaults.account = Self.account(reader, complaints: &complaints)
        defaults.smsr = Self.smsr(reader, complaints: &complaints)
        defaults.state = Self.state(reader, complaints: &complaints)
        defaults.labels = Self.labels(reader, complaints: &complaints)
    }

    private mutating func takeSources(_ node: YAMLNode, complaints: inout ComplaintList) {
        guard case .sequence(let elements) = node.content else {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, mark: node.mark), path: "devicesFrom", found: node.summary,
                    expected: "a list such as `- csv: inventory/phoenix.csv`"))
            return
        }
        for (index, element) in elements.enumerated() {
            let path = ("devicesFrom" as ValuePath).appending(element: index)
            guard
                let reader = MappingReader(
                    element, file: file, path: path, known: ManifestShape.table.keys, complaints: &complaints)
            else { continue }
            if reader.node("csv") == nil {
                reader.missing("csv", expected: "the path of a CSV file", complaints: &complaints)
            } else if let csv = reader.text("csv", expected: "the path of a CSV file", complaints: &complaints) {
                sources.append(Source(csv: csv, place: reader.place(of: "csv"), path: reader.path(to: "csv")))
            }
        }
    }

    // MARK: Devices

    /// Decodes an entry of `devices`, complaining of all that is wrong with it.
    static func device(
        _ node: YAMLNode, file: String, path: ValuePath, complaints: inout ComplaintList
    ) -> DeviceDraft? {
        guard
            let reader = MappingReader(
                node, file: file, path: path, known: ManifestShape.device.keys, complaints: &complaints)
        else { return nil }
        let errorsBefore = complaints.errorCount
        var draft = DeviceDraft(path: path, mark: node.mark)
        draft.eid = reader.scalar(
            "eid", expected: DeviceValues.eidExpected, complaints: &complaints, parse: { EID($0) })
        draft.iccid = reader.scalar(
            "iccid", expected: DeviceValues.iccidExpected, complaints: &complaints, parse: { ICCID($0) })
        draft.eidMark = reader.node("eid")?.mark ?? node.mark
        draft.iccidMark = reader.node("iccid")?.mark ?? node.mark
        draft.imei = reader.scalar(
            "imei", expected: DeviceValues.imeiExpected, complaints: &complaints, parse: DeviceValues.imei)
        draft.state = state(reader, complaints: &complaints)
        draft.account = account(reader, complaints: &complaints)
        draft.smsr = smsr(reader, complaints: &complaints)
        draft.labels = labels(reader, complaints: &complaints)
        for (key, expected) in [("eid", DeviceValues.eidExpected), ("iccid", DeviceValues.iccidExpected)]
        where reader.node(key) == nil {
            reader.missing(key, expected: expected, complaints: &complaints)
        }
        draft.isFaulty = complaints.errorCount > errorsBefore
        return draft
    }

    private static func state(_ reader: MappingReader, complaints: inout ComplaintList) -> DesiredState? {
        reader.scalar(
            "state", expected: DeviceValues.stateExpected, complaints: &complaints, hint: DeviceValues.stateHint,
            parse: { DesiredState(rawValue: $0) })
    }

    private static func account(_ reader: MappingReader, complaints: inout ComplaintList) -> AccountName? {
        reader.scalar(
            "accountName", expected: DeviceValues.accountExpected, complaints: &complaints, parse: DeviceValues.account)
    }

    private static func smsr(_ reader: MappingReader, complaints: inout ComplaintList) -> SmsrOid? {
        reader.scalar(
            "smsrOid", expected: DeviceValues.smsrExpected, complaints: &complaints, parse: DeviceValues.smsr)
    }

    static func labels(_ reader: MappingReader, complaints: inout ComplaintList) -> [String: String] {
        guard let node = reader.node("labels"), !node.isNull else { return [:] }
        guard node.weight <= 2 * labelLimit + 1 else {
            complaints.add(
                Complaint(
                    .error, .limit, at: reader.place(of: "labels"), path: reader.path(to: "labels"),
                    found: "more than \(labelLimit) labels", expected: "at most \(labelLimit) labels"))
            return [:]
        }
        guard case .mapping(let entries) = node.content,
            let labels = MappingReader(
                node, file: reader.file, path: reader.path(to: "labels"),
                known: entries.compactMap(\.key.scalar) + Self.mergedKeys(entries), complaints: &complaints)
        else {
            complaints.add(
                Complaint(
                    .error, at: reader.place(of: "labels"), path: reader.path(to: "labels"), found: node.summary,
                    expected: "a mapping of label names to values"))
            return [:]
        }
        var result: [String: String] = [:]
        for key in labels.keys {
            let value = labels.scalar(key, expected: "the value of a label", complaints: &complaints) { $0 }
            result[LabelText.canonical(key)] = value.map(LabelText.canonical)
        }
        return result
    }

    /// So many labels a device may have, and a set for all of its devices.
    static let labelLimit = 1000

    private static func mergedKeys(_ entries: [YAMLNode.Entry]) -> [String] {
        entries.filter { $0.key.scalar == "<<" }.flatMap { entry -> [String] in
            switch entry.value.content {
            case .mapping(let merged): merged.compactMap(\.key.scalar) + mergedKeys(merged)
            case .sequence(let list):
                list.flatMap { element -> [String] in
                    if case .mapping(let merged) = element.content {
                        return merged.compactMap(\.key.scalar) + mergedKeys(merged)
                    }
                    return []
                }
            case .scalar: []
            }
        }
    }
}
