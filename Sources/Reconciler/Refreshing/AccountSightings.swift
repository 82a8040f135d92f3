/// What the carrier's lists say of the devices of one account, put together row by row.
struct AccountSightings: Sendable {
    let account: AccountName
    private(set) var devices: [DeviceKey: DeviceSighting] = [:]
    /// Rows that name a device by some of its identifiers only, until all rows are there.
    private var unplaced: [ListedRow] = []
    /// What rows name together that fits no known device.
    private var oddPairs: Set<DeviceKey> = []
    /// Rows of the v1 list without an EID: lines without an eUICC, mostly.
    private(set) var rowsWithoutEID = 0
    /// Rows that could be about several devices, or about none that is known.
    private(set) var ambiguousRows = 0
    /// Rows that name another account, or this one in another spelling, by the name.
    private var otherAccounts: [ObservationSource: [AccountName: Int]] = [:]
    private var ownRows: [ObservationSource: Int] = [:]
    /// Whether a device that no row names is not listed.
    private(set) var provesAbsence = true
    /// Known devices of which rows name one identifier together with another device's, and what they name.
    private(set) var contradictions: [DeviceKey: String] = [:]
    private let keepsDescriptions: Bool

    /// - Parameter keepsDescriptions: whether what the rows hold beside the state is kept.
    init(account: AccountName, keepsDescriptions: Bool = false) {
        self.account = account
        self.keepsDescriptions = keepsDescriptions
    }

    /// A row of either list.
    private struct ListedRow {
        let identifiers: DeviceIdentifiers
        let telling: StatusTelling?
        /// Why the row does not tell the status although it names one.
        let unclear: String?
        let service: ServiceState?
        let source: ObservationSource
        let asOf: Timestamp
        let description: CarrierDescription?
    }

    /// Adds a page of the v1 list.
    mutating func add(_ page: AccountDevicePage, asOf: Timestamp) {
        if page.unreadableRows > 0 { provesAbsence = false }
        add(page.rows, asOf: asOf)
    }

    /// Adds rows of the v1 list; those that name another account are only counted.
    mutating func add(_ rows: [AccountDeviceRow], asOf: Timestamp) {
        for row in rows where isOurs(row.account, .deviceListV1) {
            add(
                ListedRow(
                    identifiers: row.identifiers,
                    telling: row.profileStatus.map {
                        StatusTelling(
                            state: ProfileState(profileStatus: $0), word: $0, source: .deviceListV1, asOf: asOf)
                    }, unclear: row.unclearStatus, service: row.service, source: .deviceListV1, asOf: asOf,
                    description: keepsDescriptions
                        ? CarrierDescription(smsr: row.smsr, groups: row.groups, customFields: row.customFields) : nil))
        }
    }

    /// Adds the rows of an answer to a v2 list. The filter tells the status of rows that do not tell it themselves, if
    /// they are about one profile only.
    mutating func add(_ answer: DeviceListAnswer) {
        if !answer.provesAbsence { provesAbsence = false }
        for row in answer.rows where isOurs(row.account, .deviceListV2) {
            var word = row.profileStatus
            if row.status == .none, !row.isOneOfSeveral, !row.identifiers.iccids.isEmpty { word = answer.filter }
            var unclear: String?
            if case .unclear(let why) = row.status { unclear = why }
            add(
                ListedRow(
                    identifiers: row.identifiers,
                    telling: word.map {
                        StatusTelling(
                            state: ProfileState(profileStatus: $0), word: $0, source: .deviceListV2,
                            asOf: answer.askedAt, request: answer.request)
                    }, unclear: unclear, service: row.serviceState, source: .deviceListV2, asOf: answer.askedAt,
                    description: keepsDescriptions ? CarrierDescription(smsr: row.smsr) : nil))
        }
    }

    /// Whether a row that names an account, or none, is one of this account; it is counted if not.
    private mutating func isOurs(_ name: AccountName?, _ source: ObservationSource) -> Bool {
        guard let name, name != account else {
            ownRows[source, default: 0] += 1
            return true
        }
        otherAccounts[source, default: [:]][name, default: 0] += 1
        return false
    }

    private mutating func add(_ row: ListedRow) {
        let (eids, iccids) = (Set(row.identifiers.eids), Set(row.identifiers.iccids))
        guard let eid = eids.first, let iccid = iccids.first, eids.count == 1, iccids.count == 1 else {
            unplaced.append(row)
            return
        }
        note(row, of: DeviceKey(eid: eid, iccid: iccid), isAlone: true)
    }

    /// - Parameter isAlone: whether the row is about no other profile, so that its status is this one's.
    private mutating func note(_ row: ListedRow, of key: DeviceKey, isAlone: Bool) {
        var sighting = devices[key] ?? DeviceSighting(asOf: row.asOf)
        sighting.asOf = max(sighting.asOf, row.asOf)
        if let imei = Set(row.identifiers.imeis).first, Set(row.identifiers.imeis).count == 1 { sighting.imei = imei }
        // Where the lists differ in the state of the line, the one that allows no change is believed.
        if let service = row.service, service != .unknown, sighting.service?.allowsChange ?? true {
            sighting.service = service
        }
        if isAlone, let telling = row.telling, !sighting.tellings.contains(telling) {
            sighting.tellings.append(telling)
        }
        sighting.unclear = sighting.unclear ?? row.unclear
        if let description = row.description {
            var all = sighting.description ?? CarrierDescription()
            all.add(description)
            sighting.description = all
        }
        devices[key] = sighting
    }

    // MARK: Rows that name a device by some of its identifiers

    /// Finds the devices of rows that do not name one EID and one ICCID.
    ///
    /// - Parameter known: the devices that are known beside those that other rows name.
    mutating func place(among known: [KnownIdentity]) {
        let rows = unplaced
        unplaced = []
        defer { findContradictions(among: known) }
        guard !rows.isEmpty else { return }
        let index = IdentityIndex(
            known.map { ($0.key, $0.imei) } + devices.map { ($0.key, $0.value.imei) })
        for row in rows {
            let keys = index.keys(of: row.identifiers)
            if keys.count == 1 || keys.count > 1 && !row.identifiers.iccids.isEmpty {
                // A status that stands beside an EID or an IMEI alone may be another profile's.
                let namesProfile = Set(row.identifiers.iccids).count == 1
                for key in keys { note(row, of: key, isAlone: keys.count == 1 && namesProfile) }
            } else if row.source == .deviceListV1, row.identifiers.eids.isEmpty {
                rowsWithoutEID += 1
            } else {
                ambiguousRows += 1
                if let eid = row.identifiers.eids.first, !row.identifiers.iccids.isEmpty {
                    oddPairs.formUnion(row.identifiers.iccids.map { DeviceKey(eid: eid, iccid: $0) })
                }
            }
        }
    }

    /// Finds the known devices that are named with another ICCID or another EID than theirs, and takes them for neither
    /// listed nor gone.
    private mutating func findContradictions(among known: [KnownIdentity]) {
        let keys = Set(known.map(\.key))
        let strangers = oddPairs.union(devices.keys).subtracting(keys)
        guard !strangers.isEmpty else { return }
        let byEID = Dictionary(grouping: strangers, by: \.eid)
        let byICCID = Dictionary(grouping: strangers, by: \.iccid)
        for key in keys where devices[key] == nil {
            if let other = byEID[key.eid]?.min() {
                contradictions[key] =
                    "the carrier lists EID \(key.eid) with ICCID \(other.iccid), and the one that is known is \(key.iccid)"
                // The same number in another length is no other profile.
                if other.iccid.isSpelling(of: key.iccid) { devices[other] = nil }
            } else if let other = byICCID[key.iccid]?.min() {
                contradictions[key] =
                    "the carrier lists ICCID \(key.iccid) with EID \(other.eid), and the one that is known is \(key.eid)"
            }
        }
    }

    /// Takes note that nothing could be learned of a device.
    mutating func leaveOut(_ key: DeviceKey, _ why: String) { contradictions[key] = why }

    /// Why the lists say nothing of certain devices although they name them, in words.
    var unclearDevices: [DeviceKey: String] {
        devices.reduce(into: contradictions) { all, entry in
            if entry.value.tellings.isEmpty, let why = entry.value.unclear { all[entry.key] = why }
        }
    }

    // MARK: Rows of other accounts

    /// How many rows name other accounts, by their names.
    var rowsOfOtherAccounts: [AccountName: Int] {
        otherAccounts.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }

    /// Why a list cannot be taken for that of the account: it spells the name of the account otherwise, or holds only rows
    /// of others.
    func accountProblem(in source: ObservationSource) -> String? {
        guard let others = otherAccounts[source] else { return nil }
        if let (name, count) = others.filter({ account.isSpelling(of: $0.key) }).min(by: { $0.key < $1.key }) {
            return "in \(counted(count, "row")) of it the account is called \(name.quoted), and the list was asked "
                + "for with \(account.quoted). They are not taken, and no device counts as gone. Correct accountName"
        }
        guard ownRows[source, default: 0] == 0,
            let (name, _) = others.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
        else { return nil }
        let count = others.values.reduce(0, +)
        return "all of its \(counted(count, "row")) are of other accounts (\(name.quoted)), and it was asked for "
            + "\(account.quoted). None is taken, and no device counts as gone. Check accountName"
    }

    private struct IdentityIndex {
        private var byEID: [EID: Set<DeviceKey>] = [:]
        private var byICCID: [ICCID: Set<DeviceKey>] = [:]
        private var byIMEI: [IMEI: Set<DeviceKey>] = [:]

        init(_ identities: [(key: DeviceKey, imei: IMEI?)]) {
            for (key, imei) in identities {
                byEID[key.eid, default: []].insert(key)
                byICCID[key.iccid, default: []].insert(key)
                if let imei { byIMEI[imei, default: []].insert(key) }
            }
        }

        /// The devices that every kind of identifier of the row allows.
        func keys(of row: DeviceIdentifiers) -> Set<DeviceKey> {
            var found: Set<DeviceKey>?
            func narrow<ID: Hashable>(_ ids: [ID], _ index: [ID: Set<DeviceKey>]) {
                guard !ids.isEmpty else { return }
                let keys = ids.reduce(into: Set<DeviceKey>()) { $0.formUnion(index[$1, default: []]) }
                found = found.map { $0.intersection(keys) } ?? keys
            }
            narrow(row.eids, byEID)
            narrow(row.iccids, byICCID)
            // An IMEI decides only where nothing better is there: modems are moved from one device to another.
            if found == nil { narrow(row.imeis, byIMEI) }
            return found ?? []
        }
    }

    /// The same of these devices only.
    func limited(to keys: [DeviceKey]) -> AccountSightings {
        var limited = self
        let wanted = Set(keys)
        limited.devices = devices.filter { wanted.contains($0.key) }
        return limited
    }

    // MARK: Whether the answers can be believed

    /// Devices that the lists would leave in doubt.
    struct Doubts: Hashable, Sendable {
        /// Devices that are named under several states, of all that are named.
        var contradictory = 0
        var named = 0
        /// Devices whose state was known and would not be any more, of all that are named and whose state was known.
        var lost = 0
        var known = 0

        /// Whether so much is in doubt that the lists, and not the devices, are at fault.
        func areTooMany(maxChange: Double) -> Bool {
            contradictory > 1 && contradictory * 2 > named
                || !Disappearance(known: known, vanishing: lost, maxChange: maxChange).isBelievable
        }
    }

    func doubts(_ proof: ListProof, among identities: [KnownIdentity]) -> Doubts {
        let told = Set(identities.lazy.filter(\.isTold).map(\.key))
        var doubts = Doubts()
        for (key, sighting) in devices {
            let states = sighting.toldStates
            let isLost =
                states.isEmpty && sighting.unclear == nil && (proof.tellsEveryStatus || !sighting.tellings.isEmpty)
            doubts.named += 1
            if states.count > 1 { doubts.contradictory += 1 }
            guard told.contains(key) else { continue }
            doubts.known += 1
            if isLost { doubts.lost += 1 }
        }
        return doubts
    }

    /// Forgets what the v2 lists said of profiles; that they name a device, and the state of its line, stays.
    mutating func disbelieveV2() {
        provesAbsence = false
        for key in devices.keys {
            devices[key]?.tellings.removeAll { $0.source == .deviceListV2 }
        }
    }
}
