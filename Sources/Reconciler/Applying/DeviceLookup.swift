/// Reads the carrier's records of certain devices of one account before something is sent to them, or because nothing
/// was heard of them, and writes what it has learnt into the known state.
struct DeviceLookup: Sendable {
    let asker: DeviceListAsker
    let records: SightingRecords

    /// What a lookup came to.
    enum Outcome: Sendable, Equatable {
        /// The carrier told all that it knows.
        case answered
        /// The carrier told which devices it has and whether their lines are active, and not how their profiles are.
        case toldInPart(String)
        /// Some answers did not come in time.
        case unanswered(String)
        /// The carrier does not offer it to this account.
        case unavailable(String)
        /// The carrier refused the sign-in.
        case signInRefused(String)
        /// The carrier is busy until then; some of it may have been asked.
        case notYet(until: Timestamp)
    }

    /// Asks for v2 lists of the devices: first without a filter; those whose status the answer does not tell are then
    /// asked for by each filter value.
    /// - Throws: `StateStoreError`, `CancellationError`
    func lookByV2(_ targets: LookupTargets, of account: AccountName) async throws -> Outcome {
        let startedAt = asker.clock.now()
        var sightings = AccountSightings(account: account)
        func ask(_ keys: [DeviceKey], _ filters: [String?]) async throws -> Outcome {
            let questions = DeviceListQuestion.about(keys, filters: filters)
            switch try await asker.ask(questions, of: account) {
            case .answered(let answers):
                for answer in answers { sightings.add(answer) }
                sightings.place(among: targets.identities)
                return .answered
            case .unanswered(let reason): return .unanswered(reason)
            case .unavailable(let reason): return .unavailable(reason)
            case .signInRefused(let reason): return .signInRefused(reason)
            case .notYet(let until, let answers):
                // A device about which not everything was asked may be under another status too.
                let whole = Dictionary(grouping: answers, by: \.devices).values.filter { $0.count == filters.count }
                for answer in whole.joined() { sightings.add(answer) }
                sightings.place(among: targets.identities)
                return .notYet(until: until)
            }
        }
        func untold() -> [DeviceKey] { targets.keys.filter { sightings.devices[$0]?.tellings.isEmpty ?? true } }
        var outcome = try await ask(targets.keys, [nil])
        if outcome == .answered, !untold().isEmpty {
            outcome = try await ask(untold(), DeviceListQuestion.statuses.map { $0 })
        }
        switch outcome {
        case .answered:
            try await keep(sightings, targets, ListProof(isWhole: true, tellsEveryStatus: true, asOf: startedAt))
        case .notYet:
            // The rest is asked for later, and what is known by then not again.
            let told = targets.keys.filter { sightings.devices[$0]?.tellings.isEmpty == false }
            try await records.keep(
                sightings.limited(to: told), missing: [],
                ListProof(isWhole: false, tellsEveryStatus: false, asOf: startedAt), desired: targets.desired,
                at: asker.clock.now())
        case .toldInPart, .unanswered, .unavailable, .signInRefused:
            break
        }
        return outcome
    }

    /// Reads the v1 list: device by device where they are few, the whole account otherwise.
    ///
    /// - Parameter reason: why the v2 list is not used.
    /// - Throws: `StateStoreError`, `CancellationError`
    func lookByV1(_ targets: LookupTargets, of account: AccountName, insteadOfV2 reason: String) async throws -> Outcome
    {
        let startedAt = asker.clock.now()
        var sightings = AccountSightings(account: account)
        let reader = asker.accountListReader
        do {
            if targets.keys.count <= AccountListReader.fewDevices {
                try await reader.read(targets.keys, of: account) { sightings.add($0, asOf: $1) }
            } else {
                try await reader.read(account) { sightings.add($0, asOf: $1) }
            }
        } catch CarrierError.signInRefused(let problem) {
            return .signInRefused(problem.description)
        } catch let error as CarrierError {
            // What may pass says nothing of whether the account may read the list.
            return error.mayPass ? .unanswered(error.description) : .unavailable("\(reason) \(error.description)")
        } catch let busy as AccountBusy {
            return .notYet(until: busy.until)
        } catch is RunStopped {
            return .unanswered("the run was stopped")
        }
        sightings.place(among: targets.identities)
        let proof = ListProof(isWhole: true, tellsEveryStatus: false, asOf: startedAt)
        try await keep(sightings, targets, proof)
        let isTold = targets.keys.allSatisfy { sightings.devices[$0]?.tellings.isEmpty != true }
        return isTold ? .answered : .toldInPart(reason)
    }

    private func keep(_ sightings: AccountSightings, _ targets: LookupTargets, _ proof: ListProof) async throws {
        let missing = targets.keys.filter { sightings.devices[$0] == nil }
        try await records.keep(
            sightings.limited(to: targets.keys), missing: missing, proof, desired: targets.desired,
            at: asker.clock.now())
    }
}

/// The devices that are looked up, with what is known and declared of them.
struct LookupTargets: Sendable {
    let keys: [DeviceKey]
    let identities: [KnownIdentity]
    let desired: [DeviceKey: DesiredState]

    init(_ keys: [DeviceKey], in plan: Plan) {
        let wanted = Set(keys)
        var identities: [KnownIdentity] = []
        var desired: [DeviceKey: DesiredState] = [:]
        for position in plan.actions.indices {
            let device = plan.actions.device(at: position)
            guard wanted.contains(device.key) else { continue }
            identities.append(
                KnownIdentity(key: device.key, imei: device.imei, isTold: plan.actions.isKnown(at: position)))
            desired[device.key] = device.state
        }
        for exception in plan.exceptions where wanted.contains(exception.key) {
            identities.append(KnownIdentity(key: exception.key, imei: nil, isTold: exception.known != nil))
            desired[exception.key] = exception.desired
        }
        self.keys = keys.sorted()
        self.identities = identities
        self.desired = desired
    }
}

/// What a lookup came to.
struct LookupResult: Sendable {
    /// Devices about which an answer was written down, whatever it says.
    var answered: Set<DeviceKey> = []
    /// Why the others were not answered.
    var problem: LookupProblem?
}

/// Why devices were not answered.
enum LookupProblem: Sendable, Equatable {
    case late(String)
    case refused(String)
    case tellsNoStatus(String)
    case signInRefused(String)
    case busy(until: Timestamp)
    case stopped
}

extension DeviceLookup {
    func look(up targets: LookupTargets, of account: AccountName) async throws -> LookupResult {
        switch try await lookByV2(targets, of: account) {
        case .answered: return LookupResult(answered: Set(targets.keys))
        case .toldInPart(let reason): return LookupResult(problem: .tellsNoStatus(reason))
        case .unanswered(let reason): return LookupResult(problem: .late(reason))
        case .unavailable(let reason):
            switch try await lookByV1(targets, of: account, insteadOfV2: reason) {
            case .answered: return LookupResult(answered: Set(targets.keys))
            case .toldInPart(let reason): return LookupResult(problem: .tellsNoStatus(reason))
            case .unanswered(let reason): return LookupResult(problem: .late(reason))
            case .unavailable(let reason): return LookupResult(problem: .refused(reason))
            case .signInRefused(let reason): return LookupResult(problem: .signInRefused(reason))
            case .notYet(let until): return LookupResult(problem: .busy(until: until))
            }
        case .signInRefused(let reason): return LookupResult(problem: .signInRefused(reason))
        case .notYet(let until): return LookupResult(problem: .busy(until: until))
        }
    }
}
