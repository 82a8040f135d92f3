extension Plan {
    /// Takes a note of a known device that the fleet at hand does not name.
    ///
    /// Where a saved plan limits this one, that is no device that nobody manages: it may be one that the roll-out of its
    /// set, of which the saved plan is a part, has let out, and whose landing the next wave waits for.
    ///
    /// - Parameter rollouts: the number of the roll-out of each set, 0 where none is under way.
    mutating func noteOther(_ device: KnownDevice, in known: KnownFleet, _ rollouts: [Int32]) {
        guard reviewedAt != nil else {
            unmanaged.append(device.key)
            return
        }
        guard device.rollout != 0, let set = rollouts.firstIndex(of: device.rollout) else { return }
        self.rollouts[set].count(known.standing(of: device), isReleased: true)
    }
}

extension KnownFleet {
    /// Where a device stands of which nobody says here what it is to become.
    fileprivate func standing(of device: KnownDevice) -> RolloutTally.Standing {
        guard let phase = operation(of: device)?.phase else { return .converged }
        switch phase {
        case .succeeded: return .converged
        case .failed(_, retryAt: nil): return .failed
        case .unresolved: return phase.mayBeSettledByLookup ? .underWay : .failed
        case .intended, .submitted, .enablePending, .withdrawn, .failed: return .underWay
        }
    }
}
