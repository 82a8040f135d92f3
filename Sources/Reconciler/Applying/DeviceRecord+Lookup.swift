extension DeviceRecord {
    /// The record after a row of the carrier's records was read; `nil` if that changes nothing.
    ///
    /// - Parameters:
    ///   - status: the carrier's word for the profile status; `nil` if the row does not tell it.
    ///   - asOf: when the records were asked for.
    ///   - list: the request for the records, and the run that made it.
    func lookedUp(
        _ status: String?, service: ServiceState?, asOf: Timestamp, at now: Timestamp, policy: ConvergencePolicy,
        list: RequestNumber? = nil, run: RunNumber? = nil, events: inout [StateEvent]
    ) -> DeviceRecord? {
        var changed = self
        if let service, service != .unknown {
            changed.service = service
        } else if self.service == .unknown || self.service == .notOnAccount {
            // The account lists it, and says nothing that would stand against a change.
            changed.service = .active
        }
        guard let status else { return changed == self ? nil : changed }
        let state = ProfileState(profileStatus: status)
        var log = FoldLog(device: key, operation: operation, callback: nil, at: now, run: run)
        if var open = operation, open.isOpen {
            let effect = open.received(.lookedUp(state, asOf: asOf), at: now, policy: policy)
            guard effect.changed else { return changed == self ? nil : changed }
            changed.operation = open
            changed.learn(effect.profile, status: status, at: now, source: .deviceListV2)
            if open.phase == .succeeded { changed.reached = open.action.expectedState }
            log.add(.lookedUp, "the carrier's records say \(status)", of: list)
            log.add(outcomeOf: open)
        } else if (observation?.at ?? .distantPast) <= asOf {
            if observation?.state != state { log.add(.lookedUp, "the carrier's records say \(status)", of: list) }
            changed.learn(state, status: status, at: now, source: .deviceListV2)
        }
        events += log.events
        return changed == self ? nil : changed
    }

    /// The record after the carrier's records were read and did not tell the state of the profile.
    func lookedUpInVain(asOf: Timestamp, at now: Timestamp, policy: ConvergencePolicy) -> DeviceRecord {
        var changed = self
        if var open = operation, open.isOpen {
            _ = open.received(.lookedUp(nil, asOf: asOf), at: now, policy: policy)
            changed.operation = open
        } else if observation == nil {
            if service == .unknown || service == .notOnAccount {
                changed.service = .notOnAccount
            } else {
                changed.learn(.unknown, status: nil, at: now, source: .deviceListV2)
            }
        }
        return changed
    }

    /// What a lookup has come to that did not tell the state, in words.
    var vainLookup: String {
        if service == .notOnAccount { return "account \(account) does not list the device" }
        guard let operation, operation.isOpen else { return "the carrier's records do not tell the profile's state" }
        return "the carrier's records do not tell whether \(operation.action.rawValue) was carried out"
    }
}
