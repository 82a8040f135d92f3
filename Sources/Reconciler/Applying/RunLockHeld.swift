/// Another run holds what this one needs.
public struct RunLockHeld: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// - Parameters:
    ///   - leases: those that are in the way.
    ///   - isLost: whether this run has held the sets before.
    init(_ leases: [Lease], isLost: Bool) {
        let sets = leases.compactMap(\.name.profileSet).sorted()
        let shown = sets.prefix(3).joined(separator: ", ") + (sets.count > 3 ? " and \(sets.count - 3) more" : "")
        let subject =
            switch sets.count {
            case 0: "this store"
            case 1: "profile set \(shown)"
            default: "profile sets \(shown)"
            }
        let owners = Set(leases.map(\.owner)).sorted().joined(separator: "; ")
        let end = leases.map(\.expiresAt).max().map { " at \($0)" } ?? ""
        if isLost {
            description =
                "This run did not get to renew its lock in time (was the machine asleep?)"
                + (leases.isEmpty ? "" : ", and another run acts on \(subject) now: \(owners)")
                + ". It stops; run again."
        } else {
            description =
                "Another run acts on \(subject): \(owners). Wait for it to end, or stop it; if it has died, its lock "
                + "expires\(end)."
        }
    }

    /// - Parameters:
    ///   - device: one that the other run acts on as part of another set.
    ///   - set: the set of this run that names it.
    init(_ device: DeviceKey, in set: String, heldBy lease: Lease, of otherSet: String) {
        description =
            "Device \(device) of profile set \(set) is acted on by another run, as part of profile set \(otherSet): "
            + "\(lease.owner). Two runs that name the same device would undo each other's work. Name it in one set "
            + "only, or wait for the other run to end."
    }
}
