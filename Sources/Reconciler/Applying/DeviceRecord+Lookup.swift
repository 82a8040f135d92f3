extension DeviceRecord {
    /// The record after a row of the carrier's records was read; `nil` if that changes nothing.
    ///
    /// - Parameters:
    ///   - status: the carrier's word for the profile status; `nil` if the row does not tell it.
    ///   - asOf: when the records were asked for.
    func lookedUp(
        _ status: String?, service: ServiceState?, asOf: Timestamp, at now: Timestamp, policy: ConvergencePolicy,
        events: inout [StateEvent]
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
        var log = FoldLog(device: key, operation: operation, callback: nil, at: now)
        if var open = operation, open.isOpen {
            let effect = open.received(.lookedUp(state, asOf: asOf), at: now, policy: policy)
            guard effect.changed else { return changed == self ? nil : changed }
            changed.operation = open
            changed.learn(effect.profile, status: status, at: now, source: .deviceListV2)
            if open.phase == .succeeded { changed.reached = open.action.expectedState }
            log.add(.lookedUp, "the carrier's records say \(status)")
            log.add(outcomeOf: open)
        } else if (observation?.at ?? .distantPast) <= asOf {
            if observation?.state != state { log.add(.lookedUp, "the carrier's records say \(status)") }
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
}
