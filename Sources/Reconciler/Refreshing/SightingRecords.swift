/// Writes what the lists say into the known state, some devices at a time, each from what is known of it then.
struct SightingRecords: Sendable {
    let store: any StateStore
    let policy: ConvergencePolicy
    /// The run that has read the lists.
    let run: RunNumber?

    /// Devices in one transaction: callbacks have to be kept in between.
    private static let pieceSize = 1000

    /// What has changed.
    struct Tally: Hashable, Sendable {
        /// Devices that were not known.
        var added = 0
        /// Devices whose profile is in another state than was known.
        var changed = 0
        /// Devices whose profile is in a state that nobody can tell.
        var held = 0
        /// Those of them that are declared.
        var heldDeclared = 0
        /// Devices that the account turned out not to have.
        var gone = 0

        mutating func add(_ other: Tally) {
            added += other.added
            changed += other.changed
            held += other.held
            heldDeclared += other.heldDeclared
            gone += other.gone
        }
    }

    /// - Parameters:
    ///   - missing: devices that the lists ought to have named if the account had them.
    ///   - desired: what is declared; a device that is found so counts as having reached it.
    /// - Throws: `StateStoreError`
    @discardableResult
    func keep(
        _ sightings: AccountSightings, missing: [DeviceKey], _ proof: ListProof,
        desired: [DeviceKey: DesiredState], at now: Timestamp
    ) async throws -> Tally {
        let keys = (Array(sightings.devices.keys) + missing).sorted()
        var tally = Tally()
        for start in stride(from: 0, to: keys.count, by: Self.pieceSize) {
            let piece = Array(keys[start..<min(start + Self.pieceSize, keys.count)])
            tally.add(
                try await store.write { [policy, run] transaction in
                    var changes = Changes(transaction)
                    let records = try transaction.devices(piece)
                    for key in piece {
                        let record = records[key] ?? DeviceRecord(key: key, account: sightings.account)
                        var sighted =
                            sightings.devices[key].map {
                                record.listed(
                                    $0, on: sightings.account, proof.about($0), at: now, policy: policy, run: run)
                            } ?? record.missing(proof, at: now, policy: policy, run: run)
                        sighted.record.noteReached(desired[key])
                        changes.take(
                            sighted, over: record, isNew: records[key] == nil, isDeclared: desired[key] != nil)
                    }
                    try changes.noteOtherProfiles(listed: sightings.devices, at: now)
                    return try changes.commit()
                })
        }
        return tally
    }

    private struct Changes {
        private let transaction: any StateTransaction
        private var records: [DeviceRecord] = []
        private var operations: [Operation] = []
        private var confirmed: [DeviceRecord] = []
        private var events: [StateEvent] = []
        private var tally = Tally()

        init(_ transaction: any StateTransaction) {
            self.transaction = transaction
        }

        mutating func take(_ sighted: SightedRecord, over record: DeviceRecord, isNew: Bool, isDeclared: Bool) {
            events += sighted.events
            var changed = sighted.record
            if let operation = changed.operation, operation != record.operation { operations.append(operation) }
            changed.operation = record.operation
            if isNew || !changed.saysTheSame(as: record) {
                records.append(changed)
            } else if changed != record {
                confirmed.append(changed)
            }
            if isNew { tally.added += 1 }
            if changed.observation?.state != record.observation?.state { tally.changed += 1 }
            if changed.hint?.kind == .unclearRecords {
                tally.held += 1
                if isDeclared { tally.heldDeclared += 1 }
            }
            if changed.service == .notOnAccount, record.service != .notOnAccount { tally.gone += 1 }
        }

        /// Of the profiles of a card at most one is enabled: where the lists show that one is, others that they do not tell
        /// of are not any more.
        mutating func noteOtherProfiles(listed: [DeviceKey: DeviceSighting], at now: Timestamp) throws {
            let enabled = records.filter { $0.observation?.state == .downloadedEnabled }
            guard !enabled.isEmpty else { return }
            let others = try transaction.devices(eids: Array(Set(enabled.map(\.key.eid))), iccids: [], imeis: [])
            let changedKeys = Set(records.map(\.key))
            let enabledCards = Dictionary(enabled.map { ($0.key.eid, $0) }) { first, _ in first }
            for other in others where !changedKeys.contains(other.key) && listed[other.key]?.tellings.isEmpty ?? true {
                var switchedOff = other
                guard let profile = enabledCards[other.key.eid], profile.key != other.key,
                    let asOf = profile.observation?.at, switchedOff.otherProfileWasEnabled(at: asOf)
                else { continue }
                records.append(switchedOff)
                events.append(
                    StateEvent(
                        at: now, device: other.key, kind: .observed,
                        detail: "another profile of its eUICC, \(profile.key.iccid), is enabled"))
            }
        }

        func commit() throws -> Tally {
            try transaction.save(records)
            try transaction.update(operations)
            for record in confirmed {
                guard let seen = record.observation else { continue }
                try transaction.confirm(record.key, at: seen.at, source: seen.source)
            }
            try transaction.append(events)
            return tally
        }
    }
}

extension ListProof {
    /// What the lists prove of a device: a row that is unclear about its profile is no word that nobody knows it.
    fileprivate func about(_ sighting: DeviceSighting) -> ListProof {
        var proof = self
        if sighting.unclear != nil { proof.tellsEveryStatus = false }
        return proof
    }
}

extension DeviceRecord {
    /// A device that is found as it is declared has reached that, whoever has brought it there.
    mutating func noteReached(_ desired: DesiredState?) {
        guard let state = observation?.state, state == desired?.profileState, operation?.isOpen != true,
            service != .notOnAccount
        else { return }
        reached = state
    }
}
