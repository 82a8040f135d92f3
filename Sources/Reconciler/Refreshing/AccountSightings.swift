/// What the carrier's lists say of the devices of one account, put together row by row.
struct AccountSightings: Sendable {
    let account: AccountName
    private(set) var devices: [DeviceKey: DeviceSighting] = [:]
    /// Rows that name a device by some of its identifiers only, until all rows are there.
    private var unplaced: [ListedRow] = []
    /// Rows of the v1 list without an EID: lines without an eUICC, mostly.
    private(set) var rowsWithoutEID = 0
    /// Rows that could be about several devices, or about none that is known.
    private(set) var ambiguousRows = 0
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
        let service: ServiceState?
        let source: ObservationSource
        let asOf: Timestamp
        let description: CarrierDescription?
    }

    /// Adds rows of the v1 list; those that name another account are left out.
    mutating func add(_ rows: [AccountDeviceRow], asOf: Timestamp) {
        for row in rows where row.account == nil || row.account == account {
            add(
                ListedRow(
                    identifiers: row.identifiers,
                    telling: row.profileStatus.map {
                        StatusTelling(
                            state: ProfileState(profileStatus: $0), word: $0, source: .deviceListV1, asOf: asOf)
                    }, service: row.service, source: .deviceListV1, asOf: asOf,
                    description: keepsDescriptions
                        ? CarrierDescription(smsr: row.smsr, groups: row.groups, customFields: row.customFields) : nil))
        }
    }

    /// Adds the rows of an answer to a v2 list. The filter tells the status of rows that do not tell it themselves.
    mutating func add(_ answer: DeviceListAnswer) {
        for row in answer.rows {
            add(
                ListedRow(
                    identifiers: row.identifiers,
                    telling: (row.profileStatus ?? answer.filter).map {
                        StatusTelling(
                            state: ProfileState(profileStatus: $0), word: $0, source: .deviceListV2,
                            asOf: answer.askedAt, request: answer.request)
                    }, service: row.serviceState, source: .deviceListV2, asOf: answer.askedAt,
                    description: keepsDescriptions ? CarrierDescription(smsr: row.smsr) : nil))
        }
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
        guard !rows.isEmpty else { return }
        let index = IdentityIndex(
            known.map { ($0.key, $0.imei) } + devices.map { ($0.key, $0.value.imei) })
        for row in rows {
            let keys = index.keys(of: row.identifiers)
            if keys.count == 1 || keys.count > 1 && !row.identifiers.iccids.isEmpty {
                for key in keys { note(row, of: key, isAlone: keys.count == 1) }
            } else if row.source == .deviceListV1, row.identifiers.eids.isEmpty {
                rowsWithoutEID += 1
            } else {
                ambiguousRows += 1
            }
        }
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

        /// Fewer doubts than these say nothing against a list.
        private static let few = 10

        /// Whether so much is in doubt that the lists, and not the devices, are at fault.
        var areTooMany: Bool {
            contradictory >= Self.few && contradictory * 2 > named || lost >= Self.few && lost * 2 > known
        }
    }

    func doubts(_ proof: ListProof, among identities: [KnownIdentity]) -> Doubts {
        let told = Set(identities.lazy.filter(\.isTold).map(\.key))
        var doubts = Doubts()
        for (key, sighting) in devices {
            let states = sighting.toldStates
            let isLost = states.isEmpty && (proof.tellsEveryStatus || !sighting.tellings.isEmpty)
            doubts.named += 1
            if states.count > 1 { doubts.contradictory += 1 }
            guard told.contains(key) else { continue }
            doubts.known += 1
            if isLost || states.count > 1 { doubts.lost += 1 }
        }
        return doubts
    }

    /// Forgets what the v2 lists said of profiles; that they name a device, and the state of its line, stays.
    mutating func disbelieveV2() {
        for key in devices.keys {
            devices[key]?.tellings.removeAll { $0.source == .deviceListV2 }
        }
    }
}
