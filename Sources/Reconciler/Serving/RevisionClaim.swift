/// Has one revision of the manifests at a time act on a store: a controller whose manifests differ from those that another
/// controller acts by waits until that one has the same, or has ended. Pure readers and runs of people are not concerned.
struct RevisionClaim: Sendable {
    let store: any StateStore
    let clock: any WallClock
    /// The controller.
    let owner: RunOwner
    /// Where its manifests come from, as a person would name it.
    let origin: String
    var isGone: @Sendable (ProcessIdentity) -> Bool = { $0.isGone }

    /// Puts manifests in force, unless another controller acts on the same sets or devices by other ones; in any case those
    /// before are in force no more.
    ///
    /// - Returns: what stands in the way.
    /// - Throws: `StateStoreError`
    func claim(_ declared: ControllerDesk.Declared) async throws -> RevisionInForce? {
        let now = clock.now()
        let members = declared.members
        let own = RevisionInForce(
            holder: owner.identity.description, owner: owner.description, origin: origin, digest: declared.digest,
            commit: declared.commit, profileSets: members.map(\.profileSet), since: now)
        return try await store.write { [isGone] transaction in
            let live = Set(
                try transaction.leases().lazy.filter { $0.isLive(at: now, isGone: isGone) }.map(\.holder))
            let stored = try transaction.revisionsInForce()
            for revision in stored where revision.holder != own.holder && !live.contains(revision.holder) {
                try transaction.removeRevision(heldBy: revision.holder)
            }
            let former = stored.first { $0.holder == own.holder }
            let others = stored.filter {
                $0.holder != own.holder && live.contains($0.holder) && $0.digest != own.digest
            }
            // What was checked before need not be checked device by device again.
            let isChecked = former?.digest == own.digest
            let conflict = try others.first { other in
                if !Set(other.profileSets).isDisjoint(with: own.profileSets) { return true }
                return try !isChecked && transaction.share(members, with: other.profileSets)
            }
            if let conflict {
                if former != nil { try transaction.removeRevision(heldBy: own.holder) }
                return conflict
            }
            if former?.digest != own.digest || former?.commit != own.commit { try transaction.save(own) }
            try transaction.note(members, isWhole: true)
            return nil
        }
    }

    /// Why a controller waits, and what lets it go on.
    static func problem(_ other: RevisionInForce, at now: Timestamp) -> ControllerStatus.Problem {
        ControllerStatus.Problem(
            condition: .otherRevision,
            text: "Another controller acts on the same devices by other manifests: \(other.name), in force since "
                + "\(other.since), of \(other.owner). Two would undo each other's work, so that nothing is sent from here "
                + "before both have the same manifests, or that one has ended.",
            at: now)
    }
}

extension StateReader {
    /// Whether profile sets have devices of others among those that they were last known to have.
    fileprivate func share(_ members: [SetMembers], with profileSets: [String]) throws -> Bool {
        for name in profileSets {
            guard let keys = try self.members(of: name) else { continue }
            for set in members {
                var cursor = KeyCursor(keys)
                if set.keys.contains(where: { cursor.row(of: $0) != nil }) { return true }
            }
        }
        return false
    }
}
