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
            }
        }
        let outcome = try await ask(targets.keys, [nil])
        guard outcome == .answered else { return outcome }
        let untold = targets.keys.filter { sightings.devices[$0]?.tellings.isEmpty ?? true }
        if !untold.isEmpty {
            let outcome = try await ask(untold, DeviceListQuestion.statuses.map { $0 })
            guard outcome == .answered else { return outcome }
        }
        try await keep(sightings, targets, ListProof(isWhole: true, tellsEveryStatus: true, asOf: startedAt))
        return .answered
    }

    /// Reads the v1 list: device by device where they are few, the whole account otherwise.
    ///
    /// - Parameter reason: why the v2 list is not used.
    /// - Throws: `StateStoreError`, `CancellationError`
    func lookByV1(_ targets: LookupTargets, of account: AccountName, insteadOfV2 reason: String) async throws -> Outcome
    {
        let startedAt = asker.clock.now()
        var sightings = AccountSightings(account: account)
        let reader = AccountListReader(carrier: asker.carrier, clock: asker.clock, stop: asker.stop)
        do {
            if targets.keys.count <= AccountListReader.fewDevices {
                try await reader.read(targets.keys) { sightings.add($0, asOf: $1) }
            } else {
                try await reader.read(account) { sightings.add($0, asOf: $1) }
            }
        } catch CarrierError.signInRefused(let problem) {
            return .signInRefused(problem.description)
        } catch CarrierError.transport(let problem) {
            return .unanswered(problem.description)
        } catch CarrierError.refused(let refusal) {
            return .unavailable("\(reason) \(refusal.description)")
        } catch is ReadingStopped {
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
        _ = try await records.keep(
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
            identities.append(KnownIdentity(key: device.key, imei: device.imei))
            desired[device.key] = device.state
        }
        for exception in plan.exceptions where wanted.contains(exception.key) {
            identities.append(KnownIdentity(key: exception.key, imei: nil))
            desired[exception.key] = exception.desired
        }
        self.keys = keys.sorted()
        self.identities = identities
        self.desired = desired
    }
}
