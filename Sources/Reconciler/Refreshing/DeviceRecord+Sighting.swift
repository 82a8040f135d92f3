/// A record after the carrier's lists were read, with what has happened on the way.
struct SightedRecord: Hashable, Sendable {
    var record: DeviceRecord
    var events: [StateEvent] = []
}

/// What the carrier's lists mean for what is known of a device: pure. An operation in flight and a callback that came
/// after a list was asked for stand above what it says.
extension DeviceRecord {
    /// The record after lists have named the device.
    ///
    /// - Parameter run: the one that has read the lists.
    func listed(
        _ sighting: DeviceSighting, on account: AccountName, _ proof: ListProof, at now: Timestamp,
        policy: ConvergencePolicy, run: RunNumber? = nil
    ) -> SightedRecord {
        var changed = self
        if let hint, hint.at > now {
            // A clock was ahead: what is asked for from now on may clear it.
            changed.hint?.at = now
            changed.hint?.lookupAt = now
        }
        changed.account = account
        changed.imei = sighting.imei ?? imei
        let isNews = knownAt(now) <= sighting.asOf
        if let told = sighting.service, told != .unknown, isNews || service == .unknown || service == .notOnAccount {
            changed.service = told
        } else if service == .unknown || service == .notOnAccount {
            // The account lists it, and says nothing that would stand against a change.
            changed.service = .active
        }
        var log = FoldLog(device: key, operation: operation, callback: nil, at: now, run: run)
        changed.take(verdict(on: sighting, proof, at: now), at: now, policy: policy, log: &log)
        return SightedRecord(record: changed, events: log.events)
    }

    /// When the state was learned that is known; a time that is still to come was written by a clock that was ahead.
    private func knownAt(_ now: Timestamp) -> Timestamp { (observation?.at ?? .distantPast).believed(at: now) }

    /// The record after whole lists have not named the device.
    func missing(
        _ proof: ListProof, at now: Timestamp, policy: ConvergencePolicy, run: RunNumber? = nil
    ) -> SightedRecord {
        var changed = self
        var log = FoldLog(device: key, operation: operation, callback: nil, at: now, run: run)
        if operation?.isOpen == true {
            changed.take(.untold(asOf: proof.asOf), at: now, policy: policy, log: &log)
        } else if knownAt(now) <= proof.asOf, service != .notOnAccount {
            changed.service = .notOnAccount
            log.add(.lookedUp, "the carrier's lists do not have it on account \(account)", of: nil)
        }
        return SightedRecord(record: changed, events: log.events)
    }

    /// What is to be believed of the profile.
    private enum Verdict {
        /// Nothing that was not known.
        case nothing
        case told(StatusTelling)
        case contradictory([StatusTelling])
        /// A row names the device and says nothing of its profile that can be used.
        case unclear(String, asOf: Timestamp)
        /// The carrier was asked for everything, and does not tell.
        case untold(asOf: Timestamp)
    }

    private func verdict(on sighting: DeviceSighting, _ proof: ListProof, at now: Timestamp) -> Verdict {
        let knownAt = knownAt(now)
        let news = sighting.tellings.filter { knownAt <= $0.asOf }
        let telling = news.filter { $0.state != .unknown }
        if Set(telling.map(\.state)).count > 1 { return .contradictory(telling) }
        if let latest = (telling.isEmpty ? news : telling).max(by: { $0.asOf < $1.asOf }) { return .told(latest) }
        if sighting.tellings.isEmpty, let why = sighting.unclear, knownAt <= sighting.asOf {
            return .unclear(why, asOf: sighting.asOf)
        }
        let isUntold = sighting.tellings.isEmpty && proof.tellsEveryStatus
        return isUntold && knownAt <= proof.asOf ? .untold(asOf: proof.asOf) : .nothing
    }

    private mutating func take(
        _ verdict: Verdict, at now: Timestamp, policy: ConvergencePolicy, log: inout FoldLog
    ) {
        switch verdict {
        case .nothing:
            break
        case .told(let told) where told.state == .unknown:
            takeUnclear(
                "the carrier's records say \(told.word.excerpt(limit: 60)), which does not say how the profile is",
                asOf: told.asOf, of: told.request, at: now, policy: policy, log: &log)
        case .told(let told):
            take(told, "the carrier's records say \(told.word)", at: now, policy: policy, log: &log)
        case .contradictory(let tellings):
            let words = Set(tellings.map(\.word)).sorted().joined(separator: " and ")
            takeUnclear(
                "the carrier's lists contradict each other: \(words)", asOf: tellings.map(\.asOf).max() ?? now,
                of: nil, at: now, policy: policy, log: &log)
        case .unclear(let why, let asOf):
            takeUnclear(why, asOf: asOf, of: nil, at: now, policy: policy, log: &log)
        case .untold(let asOf):
            takeUnclear(
                "the carrier's records do not tell its profile status", asOf: asOf, of: nil, at: now, policy: policy,
                log: &log)
        }
    }

    /// Takes over what a list says in documented words.
    private mutating func take(
        _ told: StatusTelling, _ sentence: String, at now: Timestamp, policy: ConvergencePolicy, log: inout FoldLog
    ) {
        guard var open = operation, open.isOpen else {
            if let recent = contradictsRecentNews(told, lag: policy.recordsLag) {
                let doubtful = "\(sentence), shortly after it was known as \(recent.state.name); they may be behind"
                log.add(.lookedUp, doubtful, of: told.request)
                doubt(
                    Hint(
                        .unclearRecords, at: recent.at, detail: doubtful, suggests: recent.state,
                        lookupAt: recent.at + policy.recordsLag))
                return
            }
            if observation?.state != told.state || hint != nil { log.add(.lookedUp, sentence, of: told.request) }
            prove(told, lag: policy.recordsLag)
            refuteFailure(by: told.state, asOf: told.asOf, at: now, policy: policy, log: &log)
            return
        }
        let effect = open.received(.lookedUp(told.state, asOf: told.asOf), at: now, policy: policy)
        guard effect.changed else {
            // The operation may still be carried out: what raised the doubt is looked up again.
            noteLookupInVain(asOf: told.asOf)
            return
        }
        operation = open
        prove(told, lag: policy.recordsLag)
        if open.phase == .succeeded { reached = open.action.expectedState }
        log.add(.lookedUp, sentence, of: told.request)
        log.add(outcomeOf: open)
    }

    /// The news of presence, whoever has brought it, that is so young that records which say that the profile is gone may
    /// not show it yet.
    private func contradictsRecentNews(_ told: StatusTelling, lag: Duration) -> ProfileObservation? {
        guard let known = observation, known.state.isOnDevice, !told.state.isOnDevice,
            known.at <= told.asOf, told.asOf < known.at + lag
        else { return nil }
        return known
    }

    private mutating func prove(_ told: StatusTelling, lag: Duration) {
        prove(told.state, word: told.word, asOf: told.asOf, source: told.source, lag: lag)
    }

    /// Takes note that the carrier's records were read and do not say how the profile is: that proves nothing, neither
    /// that it has changed nor that it has not.
    ///
    /// - Parameter list: the request that was answered, if it was one.
    private mutating func takeUnclear(
        _ sentence: String, asOf: Timestamp, of list: RequestNumber?, at now: Timestamp, policy: ConvergencePolicy,
        log: inout FoldLog
    ) {
        guard var open = operation, open.isOpen else {
            if hint == nil {
                log.add(.lookedUp, sentence, of: list)
                doubt(Hint(.unclearRecords, at: asOf, detail: sentence))
            }
            noteLookupInVain(asOf: asOf)
            // Only what is asked for later than this answers it.
            if let at = hint?.at { hint?.at = max(at, asOf) }
            return
        }
        // What it says of an operation under way is awaited all the same.
        noteLookupInVain(asOf: asOf)
        guard open.received(.lookedUp(nil, asOf: asOf), at: now, policy: policy).changed else { return }
        log.add(.lookedUp, sentence, of: list)
        operation = open
        log.add(outcomeOf: open)
    }
}

extension DeviceRecord {
    /// Ends the latest operation as done if it failed, and the profile is found as it was to be all the same. That it
    /// was reached on purpose nobody can say: it may be drift from what is declared now.
    mutating func refuteFailure(
        by state: ProfileState, asOf: Timestamp, at now: Timestamp, policy: ConvergencePolicy, log: inout FoldLog
    ) {
        guard var ended = operation, !ended.isOpen,
            ended.received(.lookedUp(state, asOf: asOf), at: now, policy: policy).changed
        else { return }
        operation = ended
        log.add(outcomeOf: ended)
    }
}

extension Timestamp {
    static let distantPast = Timestamp(milliseconds: 0)
}
