/// How far a lookup has come: which devices were answered, and why the others were not.
struct LookupWork: Sendable {
    let account: AccountName
    let keys: [DeviceKey]
    let desired: [DeviceKey: DesiredState]
    /// Devices of which it is known how their profiles are.
    let told: Set<DeviceKey>
    /// Devices with an operation whose outcome is not known yet.
    let inFlight: Set<DeviceKey>
    private let identities: [DeviceKey: KnownIdentity]
    private var answeredKeys: Set<DeviceKey> = []
    private var problems: [DeviceKey: LookupProblem] = [:]
    private var unclear: [DeviceKey: String] = [:]
    /// Devices that a list has named, whatever it says of them.
    private(set) var named: Set<DeviceKey> = []

    init(_ targets: LookupTargets, _ records: [DeviceKey: DeviceRecord], account: AccountName) {
        self.account = account
        keys = targets.keys
        desired = targets.desired
        let told = Set(records.values.filter { ($0.observation?.state ?? .unknown) != .unknown }.map(\.key))
        self.told = told
        inFlight = Set(records.values.filter { $0.operation?.isOpen == true }.map(\.key))
        identities = targets.identities.reduce(into: [:]) { all, identity in
            let imei = identity.imei ?? records[identity.key]?.imei
            all[identity.key] = KnownIdentity(key: identity.key, imei: imei, isTold: told.contains(identity.key))
        }
    }

    /// Devices that were not answered yet.
    var open: [DeviceKey] { keys.filter(isOpen) }

    func isOpen(_ key: DeviceKey) -> Bool { !answeredKeys.contains(key) }

    /// Devices that were not answered yet, and of which no list says what cannot be used.
    func mayBeTold(_ key: DeviceKey) -> Bool { isOpen(key) && unclear[key] == nil }

    /// Devices of which the v1 list may tell what the v2 lists do not.
    var openToV1: [DeviceKey] {
        keys.filter { key in
            guard mayBeTold(key) else { return false }
            switch problems[key] {
            case nil, .refused, .tellsNoStatus: return true
            case .late, .busy, .signInRefused, .stopped: return false
            }
        }
    }

    var result: LookupResult {
        let unanswered = open
        let problem = unanswered.reduce(nil) { worst, key -> LookupProblem? in
            guard let problem = problems[key] else { return worst }
            return worst.map { $0.or(problem) } ?? problem
        }
        return LookupResult(
            answered: answeredKeys,
            problem: problem ?? unanswered.first.map { .refused(unclear[$0] ?? "the carrier's lists do not name it") },
            unclear: unclear.filter { isOpen($0.key) })
    }

    /// What answers say together of the devices that they were asked for.
    func sightings(in answers: [DeviceListAnswer]) -> AccountSightings {
        var sightings = AccountSightings(account: account)
        for answer in answers { sightings.add(answer) }
        sightings.place(among: identities(of: answers.flatMap(\.devices)))
        return sightings
    }

    func identities(of keys: [DeviceKey]) -> [KnownIdentity] { Set(keys).compactMap { identities[$0] } }

    mutating func answered(_ keys: [DeviceKey]) { answeredKeys.formUnion(keys) }

    /// Notes why devices are not answered; the latest reason counts.
    mutating func note(_ problem: LookupProblem, about keys: [DeviceKey]) {
        for key in keys where isOpen(key) { problems[key] = problem }
    }

    /// Notes which devices a list names, and of which of them it says what cannot be used.
    mutating func note(_ sightings: AccountSightings, among keys: [DeviceKey]) {
        for key in keys {
            if let sighting = sightings.devices[key] {
                named.insert(key)
                if sighting.tellings.isEmpty, let why = sighting.unclear { unclear[key] = why }
                if sighting.isContradictory {
                    let words = Set(sighting.tellings.map(\.word)).sorted().joined(separator: ", ")
                    unclear[key] = "the carrier's lists name it under several profile statuses: \(words)"
                }
            } else if let why = sightings.contradictions[key] {
                named.insert(key)
                unclear[key] = why
            }
        }
    }
}
