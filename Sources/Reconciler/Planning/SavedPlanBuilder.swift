/// Puts a saved plan together from the lines of its file, packed as the plan was when it was made.
struct SavedPlanBuilder {
    private struct Entry {
        let action: ProfileAction
        let known: ProfileState?
        let version: Int64
        let attempt: Int
        let isDrift: Bool
        let run: Int32
        let provenAt: Timestamp?
        let isUnverified: Bool
    }

    private let toolVersion: String
    private let createdAt: Timestamp
    private let fleetDigest: ContentDigest
    private let desiredCount: Int
    private let convergedCount: Int
    private let part: FleetPart?
    private var largeChanges: [LargeChange] = []

    private var fleet = DesiredFleet()
    private var accounts = NameTable()
    private var smsrs = NameTable()
    private var entries: ContiguousArray<Entry> = []
    private var exceptions: ContiguousArray<PlanException> = []
    private var drifts: ContiguousArray<Drift> = []
    private var unmanaged: ContiguousArray<DeviceKey> = []

    /// - Returns: `nil` if the first line of the file does not hold what a plan has to say.
    init?(header: JSONValue) {
        let summary = header["summary"]
        guard let createdAt = header["createdAt"]?.text.flatMap({ Timestamp($0) }),
            let fleetDigest = header["fleetDigest"]?.text.flatMap({ ContentDigest($0) }),
            let desiredCount = summary?["devices"]?.text.flatMap({ Int($0) }),
            let convergedCount = summary?["converged"]?.text.flatMap({ Int($0) })
        else { return nil }
        toolVersion = header["toolVersion"]?.text ?? "?"
        self.createdAt = createdAt
        self.fleetDigest = fleetDigest
        self.desiredCount = desiredCount
        self.convergedCount = convergedCount
        part = summary?["selection"].flatMap { FleetPart(json: $0) }
        guard (part == nil) == (summary?["selection"] == nil) else { return nil }
        for set in header["profileSets"]?.elements ?? [] {
            guard let name = set["name"]?.text, let rollout = set["rollout"].flatMap({ RolloutPolicy(json: $0) }) else {
                return nil
            }
            fleet.sets.append(ProfileSet(name: name, rollout: rollout, place: nil))
            guard let change = set["largeChange"] else { continue }
            guard let changes = change["changes"]?.text.flatMap({ Int($0) }),
                let present = change["present"]?.text.flatMap({ Int($0) })
            else { return nil }
            largeChanges.append(
                LargeChange(profileSet: name, changes: changes, present: present, limit: rollout.maxChange))
        }
        for change in header["largeChanges"]?.elements ?? [] {
            guard let change = LargeChange(json: change) else { return nil }
            largeChanges.append(change)
        }
    }

    /// Adds a line: an action, a device that is left out, how a device has drifted, or one that the YAML does not name.
    /// Actions come first, in the order of their keys.
    /// - Returns: `false` if it is none of these.
    mutating func add(_ entry: JSONValue) -> Bool {
        guard let eid = entry["eid"]?.text.flatMap({ EID($0) }), let iccid = entry["iccid"]?.text.flatMap({ ICCID($0) })
        else { return false }
        let key = DeviceKey(eid: eid, iccid: iccid)
        if entry["unmanaged"]?.bool == true {
            unmanaged.append(key)
            return true
        }
        if entry["was"] != nil {
            guard let drift = Drift(of: key, entry) else { return false }
            drifts.append(drift)
            return true
        }
        let known = entry["known"]?.text.map { name in ProfileState.allCases.first { $0.name == name } }
        if case .some(.none) = known { return false }
        guard let device = device(key, entry) else { return false }
        // Plans are merged with what is known by this order.
        if entry["reason"] == nil, let last = fleet.devices.last, last.key >= key { return false }
        fleet.devices.append(device)
        return entry["reason"] == nil ? addAction(entry, known: known ?? nil) : addException(entry, known: known ?? nil)
    }

    private mutating func device(_ key: DeviceKey, _ entry: JSONValue) -> DesiredDevice? {
        guard let account = entry["accountName"]?.text.flatMap({ UInt16(exactly: accounts.number($0)) }),
            let smsr = entry["smsrOid"]?.text.flatMap({ UInt16(exactly: smsrs.number($0)) }),
            let desired = entry["desired"]?.text.flatMap({ DesiredState(rawValue: $0) }),
            let set = entry["profileSet"]?.text.flatMap({ UInt16($0) }), fleet.sets.indices.contains(Int(set))
        else { return nil }
        var labels: [LabelPair] = []
        for (name, value) in entry["labels"]?.members ?? [] {
            guard let name = name.string, let value = value.string else { return nil }
            labels.append(
                LabelPair(key: fleet.labels.number(naming: name), value: fleet.labels.number(naming: value)))
        }
        return DesiredDevice(
            key: key, state: desired, account: account, smsr: smsr, set: set, file: 0,
            labels: fleet.labels.number(of: labels.sorted()), line: 0, column: 0,
            imeiDigits: entry["imei"]?.text.flatMap { IMEI($0) }?.digits ?? .none)
    }

    private mutating func addAction(_ entry: JSONValue, known: ProfileState?) -> Bool {
        guard exceptions.isEmpty, let action = entry["action"]?.text.flatMap({ ProfileAction(rawValue: $0) }),
            let version = entry["version"]?.text.flatMap({ Int64($0) }),
            let attempt = entry["attempt"]?.text.flatMap({ Int($0) }), let isDrift = entry["drift"]?.bool,
            let run = entry["latestRun"]?.text.flatMap({ Int32($0) }), let isUnverified = entry["unverified"]?.bool
        else { return false }
        let knownAt = entry["knownAt"]?.text.map { Timestamp($0) }
        if case .some(.none) = knownAt { return false }
        entries.append(
            Entry(
                action: action, known: known, version: version, attempt: attempt, isDrift: isDrift, run: run,
                provenAt: knownAt ?? nil, isUnverified: isUnverified))
        return true
    }

    private mutating func addException(_ entry: JSONValue, known: ProfileState?) -> Bool {
        guard let name = entry["reason"]?.text, let explanation = entry["explanation"]?.string,
            let device = fleet.devices.last
        else { return false }
        exceptions.append(
            PlanException(
                key: device.key, account: AccountName(accounts.names[Int(device.account)]), desired: device.state,
                known: known, reason: .recorded(name: name, explanation: explanation),
                device: fleet.devices.count - 1))
        return true
    }

    func savedPlan(checksum: ContentDigest) -> SavedPlan {
        var fleet = fleet
        fleet.accounts = accounts.names.map { AccountName($0) }
        fleet.smsrs = smsrs.names.map { SmsrOid($0) }
        var plan = Plan(createdAt: createdAt, desired: fleet)
        for (number, entry) in entries.enumerated() {
            plan.actions.append(
                entry.action, on: number, known: entry.known, version: entry.version, attempt: entry.attempt,
                isDrift: entry.isDrift, run: entry.run, provenAtMilliseconds: entry.provenAt?.milliseconds ?? 0,
                isUnverified: entry.isUnverified)
        }
        plan.exceptions = exceptions
        plan.drifts = drifts
        plan.unmanaged = unmanaged
        plan.part = part
        plan.desiredCount = desiredCount
        plan.convergedCount = convergedCount
        plan.largeChanges = largeChanges
        return SavedPlan(toolVersion: toolVersion, checksum: checksum, fleetDigest: fleetDigest, plan: plan)
    }
}

extension LargeChange {
    /// - Returns: `nil` unless it is one of several sets together, of an account or of all, as a plan file tells it.
    fileprivate init?(json: JSONValue) {
        guard let changes = json["changes"]?.text.flatMap({ Int($0) }),
            let present = json["present"]?.text.flatMap({ Int($0) }),
            let limitText = json["limit"]?.text, case .percent(let limit)? = RolloutPolicy.Amount(limitText)
        else { return nil }
        let scope: Scope
        switch (json["scope"]?.text, json["accountName"]?.text) {
        case ("smallSets", nil): scope = .smallSets
        case ("run", nil): scope = .run
        case (nil, let name?): scope = .account(AccountName(name))
        default: return nil
        }
        self.init(
            scope: scope, profileSets: json["profileSets"]?.elements.compactMap(\.text) ?? [], changes: changes,
            present: present, limit: limit)
    }
}
