/// Writes down what a lookup needs to know before it asks, and what remains to be said after the answers.
struct LookupRecords: Sendable {
    let store: any StateStore
    let run: RunNumber

    /// Gives devices that were never seen a record, so that the answer finds them.
    func prepare(_ keys: [DeviceKey], of account: AccountName, plan: Plan) async throws {
        let wanted = Set(keys)
        let imeis = plan.actions.filter { wanted.contains($0.key) }.reduce(into: [DeviceKey: IMEI]()) {
            $0[$1.key] = $1.imei
        }
        try await store.write { transaction in
            let known = try transaction.devices(keys)
            try transaction.save(
                keys.filter { known[$0] == nil }.map { DeviceRecord(key: $0, account: account, imei: imeis[$0]) })
        }
    }

    /// Says of devices whose state the answers did not tell that it could not be told.
    func conclude(
        _ keys: [DeviceKey], askedAt: Timestamp, at now: Timestamp, policy: ConvergencePolicy
    ) async throws {
        try await store.write { [run] transaction in
            let records = try transaction.devices(keys)
            var changedRecords: [DeviceRecord] = []
            var changedOperations: [Operation] = []
            var events: [StateEvent] = []
            for key in keys {
                guard let record = records[key], (record.observation?.at ?? .distantPast) < askedAt else { continue }
                let changed = record.lookedUpInVain(asOf: askedAt, at: now, policy: policy)
                guard changed != record else { continue }
                var log = FoldLog(device: key, operation: record.operation, callback: nil, at: now, run: run)
                log.add(.lookedUp, changed.vainLookup, of: nil)
                events += log.events
                if let operation = changed.operation, operation != record.operation {
                    changedOperations.append(operation)
                } else {
                    changedRecords.append(changed)
                }
            }
            try transaction.save(changedRecords)
            try transaction.update(changedOperations)
            try transaction.append(events)
        }
    }
}
