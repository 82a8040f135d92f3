/// What accounts have today, as far as it can be declared: pure, from what is known and what the carrier's lists say.
struct ImportedFleet: Sendable {
    /// A device that is written as it is.
    struct Device: Hashable, Sendable {
        let key: DeviceKey
        let imei: IMEI?
        let state: DesiredState
        let account: AccountName
        let smsr: SmsrOid
        let labels: [String: String]
    }

    /// Why a device cannot be declared as it is.
    enum LeftOutReason: Int, CaseIterable, Sendable {
        case notDownloaded
        case unknown
        case notInService
        case underWay
        case enabledTwice
        case iccidTwice

        /// Completes "left out, because ...".
        var words: String {
            switch self {
            case .notDownloaded: "no profile is downloaded; to declare them is to have it downloaded"
            case .unknown: "the carrier does not tell how their profiles are"
            case .notInService: "their lines are neither active nor suspended"
            case .underWay: "an operation of ours is under way on them"
            case .enabledTwice: "the carrier says of two profiles of the eUICC that they are enabled"
            case .iccidTwice: "the carrier shows the ICCID on several eUICCs"
            }
        }
    }

    struct LeftOutDevice: Hashable, Sendable {
        let key: DeviceKey
        let account: AccountName
        let labels: [String: String]
        let reason: LeftOutReason
    }

    /// In the order of the keys.
    private(set) var devices: [Device] = []
    private(set) var leftOut: [LeftOutDevice] = []

    /// - Parameters:
    ///   - smsr: the SM-SR of devices of which no list tells it.
    /// - Throws: `SettingsError` if there is none.
    init(
        _ records: [DeviceRecord], _ descriptions: [DeviceKey: CarrierDescription], smsr: SmsrOid?
    ) throws(SettingsError) {
        let records = records.sorted { $0.key < $1.key }
        let states = records.map { record in Result { () throws(LeftOut) in try Self.state(of: record) } }
        var enabledOn: [EID: Int] = [:]
        var countOf: [ICCID: Int] = [:]
        for (record, state) in zip(records, states) {
            guard case .success(let state) = state else { continue }
            if state == .downloadedEnabled { enabledOn[record.key.eid, default: 0] += 1 }
            countOf[record.key.iccid, default: 0] += 1
        }
        var withoutSmsr: [DeviceKey] = []
        for (record, state) in zip(records, states) {
            let description = descriptions[record.key] ?? CarrierDescription()
            let labels = ImportLabels.labels(of: description)
            func leaveOut(_ reason: LeftOutReason) {
                leftOut.append(
                    LeftOutDevice(key: record.key, account: record.account, labels: labels, reason: reason))
            }
            switch state {
            case .failure(let why): leaveOut(why.reason)
            case .success(.downloadedEnabled) where enabledOn[record.key.eid, default: 0] > 1: leaveOut(.enabledTwice)
            case .success where countOf[record.key.iccid, default: 0] > 1: leaveOut(.iccidTwice)
            case .success(let state):
                guard let smsr = Self.usable(description.smsr) ?? smsr else {
                    withoutSmsr.append(record.key)
                    continue
                }
                devices.append(
                    Device(
                        key: record.key, imei: record.imei.flatMap { DeviceValues.isAcceptable($0) ? $0 : nil },
                        state: state, account: record.account, smsr: smsr, labels: labels))
            }
        }
        guard let first = withoutSmsr.first else { return }
        let count = withoutSmsr.count == 1 ? "1 device" : "\(withoutSmsr.count) devices"
        throw SettingsError(
            "The carrier's lists do not tell which SM-SR manages \(count), \(first) for one. Name it with --smsr OID: "
                + "it is the smsrOid that your profile requests carry.")
    }

    private struct LeftOut: Error {
        let reason: LeftOutReason
    }

    private static func state(of record: DeviceRecord) throws(LeftOut) -> DesiredState {
        if record.operation?.isOpen == true { throw LeftOut(reason: .underWay) }
        switch record.service {
        case .active, .suspended, .unknown: break
        case .deactivated, .notOnAccount, .other: throw LeftOut(reason: .notInService)
        }
        switch record.observation?.state {
        case .downloadedEnabled: return .downloadedEnabled
        case .downloadedDisabled: return .downloadedDisabled
        case .notDownloaded, .deleted: throw LeftOut(reason: .notDownloaded)
        case .unknown, nil: throw LeftOut(reason: .unknown)
        }
    }

    private static func usable(_ smsr: SmsrOid?) -> SmsrOid? {
        smsr.flatMap { DeviceValues.smsr($0.description) }
    }
}

/// Labels from what an account has written beside its devices.
enum ImportLabels {
    /// The label that holds the names of the groups that a device is in.
    static let group = "group"
    private static let longestText = 200

    /// The carrier puts every device into a group of its own making, which says nothing.
    private static let defaultGroup = "default"

    static func labels(of description: CarrierDescription) -> [String: String] {
        var labels = description.customFields.filter { isSensible($0.key) && isSensible($0.value) && $0.key != "<<" }
        let groups = Set(description.groups.filter { !$0.lowercased().hasPrefix(defaultGroup) && isSensible($0) })
        if !groups.isEmpty { labels[group] = groups.sorted().joined(separator: "+") }
        return labels
    }

    private static func isSensible(_ text: String) -> Bool {
        !text.isEmpty && text.count <= longestText
            && text.unicodeScalars.allSatisfy {
                !$0.properties.isNoncharacterCodePoint && $0.value >= 0x20 && $0.value != 0x7F
            }
    }
}
