/// One profile set as YAML: the same devices give the same text, one device a line, so that differences are small.
public struct ImportedDocument: Sendable {
    /// The name of the profile set; its file is named after it.
    public let name: String
    /// How many devices it declares, and how many are left out of it.
    public let deviceCount: Int
    public let leftOutCount: Int
    public let text: String

    /// Devices that are named for each reason to leave them out.
    private static let namedLimit = 1000

    /// The documents of a fleet, in the order of their names.
    static func documents(of fleet: ImportedFleet, split: ImportSplit) -> [ImportedDocument] {
        let devices = Dictionary(grouping: fleet.devices) { split.setName(account: $0.account, labels: $0.labels) }
        let leftOut = Dictionary(grouping: fleet.leftOut) { split.setName(account: $0.account, labels: $0.labels) }
        return Set(devices.keys).union(leftOut.keys).sorted().map { name in
            ImportedDocument(name: name, devices[name] ?? [], leftOut[name] ?? [], sharedLabel: split.sharedLabel)
        }
    }

    private init(
        name: String, _ devices: [ImportedFleet.Device], _ leftOut: [ImportedFleet.LeftOutDevice], sharedLabel: String?
    ) {
        self.name = name
        deviceCount = devices.count
        leftOutCount = leftOut.count
        let account = Self.mostCommon(devices.map(\.account))
        let smsr = Self.mostCommon(devices.map(\.smsr))
        // Values that look alike in a name may differ: only what all devices have is said once for all.
        let sharedValues = sharedLabel.map { key in Set(devices.map { $0.labels[key] }) } ?? []
        let shared = sharedValues.count == 1 ? sharedValues.first ?? nil : nil

        var lines = ["# Imported from the carrier's records by `profilectl import`."]
        lines += ["apiVersion: profilectl/v1", "kind: ProfileSet", "metadata: {name: \(name)}", "defaults:"]
        if let account { lines.append("  accountName: \(Self.quoted(account.description))") }
        if let smsr { lines.append("  smsrOid: \(smsr)") }
        lines.append("  state: downloaded-enabled")
        if let key = sharedLabel, let shared {
            lines.append("  labels: {\(Self.pair(key, shared))}")
        }
        lines.append(devices.isEmpty ? "devices: []" : "devices:")
        lines += devices.map { device in
            var members = ["eid: \"\(device.key.eid)\"", "iccid: \"\(device.key.iccid)\""]
            if let imei = device.imei { members.append("imei: \"\(imei)\"") }
            if device.state != .downloadedEnabled { members.append("state: \(device.state.rawValue)") }
            if device.account != account { members.append("accountName: \(Self.quoted(device.account.description))") }
            if device.smsr != smsr { members.append("smsrOid: \(device.smsr)") }
            let labels = device.labels.filter { $0.key != sharedLabel || shared == nil }.sorted { $0.key < $1.key }
            if !labels.isEmpty {
                let pairs = labels.map(Self.pair)
                members.append("labels: {\(pairs.joined(separator: ", "))}")
            }
            return "  - {\(members.joined(separator: ", "))}"
        }
        lines += Self.comments(on: leftOut)
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func comments(on leftOut: [ImportedFleet.LeftOutDevice]) -> [String] {
        let byReason = Dictionary(grouping: leftOut, by: \.reason)
        return ImportedFleet.LeftOutReason.allCases.flatMap { reason -> [String] in
            guard let devices = byReason[reason] else { return [] }
            var lines = ["# Left out (\(devices.count)), because \(reason.words):"]
            lines += devices.prefix(namedLimit).map { "#   \($0.key)" }
            if devices.count > namedLimit { lines.append("#   and \(devices.count - namedLimit) more") }
            return lines
        }
    }

    /// The value that most have; of several the smallest.
    private static func mostCommon<Value: Hashable & Comparable>(_ values: [Value]) -> Value? {
        let counts = values.reduce(into: [Value: Int]()) { $0[$1, default: 0] += 1 }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    /// A label within braces. YAML takes no key of more than 1,024 characters unless `?` announces it.
    private static func pair(_ key: String, _ value: String) -> String {
        let key = quoted(key)
        return (key.unicodeScalars.count > 1000 ? "? " : "") + "\(key): \(quoted(value))"
    }

    /// The text as a YAML scalar in double quotes; what cannot be seen is spelt out.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case _ where isPlain(scalar): quoted.unicodeScalars.append(scalar)
            default:
                let hex = String(scalar.value, radix: 16)
                let length = scalar.value <= 0xFFFF ? 4 : 8
                quoted += (length == 4 ? "\\u" : "\\U") + String(repeating: "0", count: length - hex.count) + hex
            }
        }
        return quoted + "\""
    }

    /// Whether YAML and people read it as it stands.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .privateUse,
            .unassigned:
            return false
        default: return true
        }
    }
}
