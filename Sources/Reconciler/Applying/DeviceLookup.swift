/// What looking devices up came to. Only devices that were answered have evidence; nothing else here permits anything.
struct LookupResult: Sendable {
    /// An answer about them was written down, whatever it says.
    var answered: Set<DeviceKey> = []
    /// Why the others were not answered.
    var problem: LookupProblem?
    /// Why certain devices were not answered although the carrier's lists name them.
    var unclear: [DeviceKey: String] = [:]
}

/// Reads the carrier's records of certain devices of one account before something is sent to them, or because nothing
/// was heard of them, and writes what it has learned into the known state.
///
/// Each part of what is asked stands alone: what is answered is written down at once, and what is not answered changes
/// nothing.
struct DeviceLookup: Sendable {
    let asker: DeviceListAsker
    let records: SightingRecords
    var lists = ListChoice()
    /// How much of what is known a list may let vanish and still be believed, in per cent.
    var maxChange = RolloutPolicy().maxChange

    /// Looks devices up in the v2 lists, and those of which these do not tell in the v1 list.
    /// - Throws: `StateStoreError`, `CancellationError`
    func look(up targets: LookupTargets, of account: AccountName) async throws -> LookupResult {
        let known = try await asker.store.read { try $0.devices(targets.keys) }
        var work = LookupWork(targets, known, account: account)
        if lists.v2 {
            try await lookInV2(&work)
        } else {
            work.note(
                .tellsNoStatus("the v2 device list is switched off in the settings (refresh.v2)"), about: targets.keys)
        }
        let rest = work.openToV1
        if lists.v1, !rest.isEmpty, !asker.stop.isStopped { try await lookInV1(rest, &work) }
        return work.result
    }

    // MARK: v2

    /// Asks without a filter first; devices whose status the answer does not tell are then asked for by each status.
    private func lookInV2(_ work: inout LookupWork) async throws {
        var first: [DeviceListAnswer] = []
        let questions = DeviceListQuestion.about(work.keys, filters: [nil])
        let asked = try await asker.ask(
            questions, of: work.account,
            take: { answer in
                first.append(answer)
                try await keep(work.sightings(in: [answer]), among: answer.devices, &work)
            })
        for list in asked {
            if let problem = list.problem { work.note(problem, about: list.question.devices) }
        }
        try await lookByStatus(after: first, &work)
    }

    private func lookByStatus(after first: [DeviceListAnswer], _ work: inout LookupWork) async throws {
        let keys = first.flatMap(\.devices).filter { work.mayBeTold($0) }
        var answers: [RequestNumber: DeviceListAnswer] = [:]
        var requests: [DeviceKey: [RequestNumber]] = [:]
        func add(_ answer: DeviceListAnswer) {
            answers[answer.request] = answer
            for key in answer.devices { requests[key, default: []].append(answer.request) }
        }
        for answer in first { add(answer) }
        let questions = DeviceListQuestion.about(keys, filters: DeviceListQuestion.statuses.map { $0 })
        let asked = try await asker.ask(
            questions, of: work.account,
            take: { answer in
                add(answer)
                let whole = answer.devices.filter { requests[$0]?.count == DeviceListQuestion.statuses.count + 1 }
                let numbers = Set(whole.flatMap { requests[$0] ?? [] })
                try await conclude(numbers.sorted().compactMap { answers[$0] }, about: whole, &work)
            })
        for list in asked {
            if let problem = list.problem { work.note(problem, about: list.question.devices) }
        }
    }

    /// Concludes on devices about which everything was asked and answered.
    private func conclude(
        _ answers: [DeviceListAnswer], about keys: [DeviceKey], _ work: inout LookupWork
    ) async throws {
        guard let asOf = answers.map(\.askedAt).min(), !keys.isEmpty else { return }
        let sightings = work.sightings(in: answers)
        try await keep(sightings, among: keys, &work, askedForAll: true)
        let absent = keys.filter { work.isOpen($0) && !work.named.contains($0) }
        guard !absent.isEmpty else { return }
        let asked = Set(answers.flatMap(\.devices))
        if let problem = sightings.accountProblem(in: .deviceListV2) {
            work.note(.refused("the v2 device list cannot be used: \(problem)"), about: absent)
        } else if !sightings.provesAbsence {
            work.note(.late("the messages that answer a device list do not name all devices"), about: absent)
        } else if asked.isDisjoint(with: sightings.devices.keys) {
            work.note(
                .refused("the v2 device list names none of the devices that it was asked for, which is not believed"),
                about: absent)
        } else {
            try await conclude(absent: absent, of: asked, asOf: asOf, &work)
        }
    }

    // MARK: v1

    private func lookInV1(_ keys: [DeviceKey], _ work: inout LookupWork) async throws {
        let startedAt = asker.clock.now()
        let isWhole = keys.count > AccountListReader.fewDevices
        var sightings = AccountSightings(account: work.account)
        var unread = Set(keys)
        do {
            if isWhole {
                try await asker.accountListReader.read(work.account) { sightings.add($0, asOf: $1) }
                unread = []
            } else {
                try await readOneByOne(keys, into: &sightings, &unread, &work)
            }
        } catch CarrierError.signInRefused(let problem) {
            work.note(.signInRefused(problem.description), about: Array(unread))
        } catch let error as CarrierError {
            let why = error.description
            work.note(error.mayPass ? .late(why) : .refused(why), about: Array(unread))
        } catch let busy as AccountBusy {
            work.note(.busy(until: busy.until), about: Array(unread))
        } catch is RunStopped {
            work.note(.stopped, about: Array(unread))
        }
        sightings.place(among: work.identities(of: keys))
        try await keep(sightings, among: keys, &work)
        work.note(
            .tellsNoStatus("the v1 device list does not tell how profiles are"),
            about: keys.filter { sightings.devices[$0] != nil })
        let absent = keys.filter { work.isOpen($0) && !unread.contains($0) && !work.named.contains($0) }
        guard !absent.isEmpty else { return }
        if let problem = sightings.accountProblem(in: .deviceListV1) {
            work.note(.refused("the v1 device list cannot be used: \(problem)"), about: absent)
        } else if isWhole, !sightings.provesAbsence || sightings.devices.isEmpty {
            work.note(.refused("the v1 device list is empty, or holds rows that cannot be read"), about: absent)
        } else {
            try await conclude(absent: absent, of: Set(keys), asOf: startedAt, &work)
        }
    }

    /// - Parameter unread: what has not been read.
    private func readOneByOne(
        _ keys: [DeviceKey], into sightings: inout AccountSightings, _ unread: inout Set<DeviceKey>,
        _ work: inout LookupWork
    ) async throws {
        let reader = asker.accountListReader
        for key in keys {
            do {
                let (row, askedAt) = try await reader.read(key, of: work.account)
                if let row { sightings.add([row], asOf: askedAt) }
                unread.remove(key)
            } catch CarrierError.refused(let refusal) where refusal.classification == .badDevice {
                // That one device is refused says nothing of the others.
                work.note(.refused(refusal.description), about: [key])
            }
        }
    }

    // MARK: Writing down

    /// Writes down what lists tell of devices; those of which they tell no status are not answered.
    private func keep(
        _ sightings: AccountSightings, among keys: [DeviceKey], _ work: inout LookupWork, askedForAll: Bool = false
    ) async throws {
        work.note(sightings, among: keys)
        let listed = keys.filter { work.isOpen($0) && sightings.devices[$0]?.isContradictory == false }
        guard let asOf = listed.compactMap({ sightings.devices[$0]?.asOf }).min() else { return }
        // That nobody tells how a profile is settles what is in flight, and is no reason to forget what is known.
        for isInFlight in [false, true] {
            let part = listed.filter { work.inFlight.contains($0) == isInFlight }
            guard !part.isEmpty else { continue }
            try await records.keep(
                sightings.limited(to: part), missing: [],
                ListProof(isWhole: false, tellsEveryStatus: askedForAll && isInFlight, asOf: asOf),
                desired: work.desired, at: asker.clock.now())
        }
        work.answered(listed.filter { sightings.devices[$0]?.tellings.isEmpty == false })
        asker.wakeup.notify()
        if askedForAll {
            work.note(
                .tellsNoStatus("the carrier's lists name the device and do not tell how its profile is"), about: listed)
        }
    }

    /// Writes down that an account does not have devices, unless too much of what is known would vanish with them.
    private func conclude(
        absent: [DeviceKey], of asked: Set<DeviceKey>, asOf: Timestamp, _ work: inout LookupWork
    ) async throws {
        let vanishing = absent.filter { work.told.contains($0) }
        let disappearance = Disappearance(
            known: work.told.intersection(asked).count, vanishing: vanishing.count, maxChange: maxChange)
        let gone = disappearance.isBelievable ? absent : absent.filter { !work.told.contains($0) }
        work.note(
            .refused("the carrier's lists do not name devices that are known, which is not believed"), about: absent)
        guard !gone.isEmpty else { return }
        try await records.keep(
            AccountSightings(account: work.account), missing: gone,
            ListProof(isWhole: true, tellsEveryStatus: false, asOf: asOf), desired: work.desired,
            at: asker.clock.now())
        work.answered(gone)
        asker.wakeup.notify()
    }
}

/// The devices that are looked up, with what is known and declared of them.
struct LookupTargets: Sendable {
    let keys: [DeviceKey]
    let identities: [KnownIdentity]
    let desired: [DeviceKey: DesiredState]

    init(keys: [DeviceKey], identities: [KnownIdentity], desired: [DeviceKey: DesiredState] = [:]) {
        self.keys = keys.sorted()
        self.identities = identities
        self.desired = desired
    }

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
        self.init(keys: keys, identities: identities, desired: desired)
    }
}
