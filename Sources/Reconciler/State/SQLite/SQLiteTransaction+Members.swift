import Foundation
import GRDB

/// Which devices profile sets have, and the manifests that controllers act by.
extension SQLiteTransaction {
    func memberDigests() throws -> [String: ContentDigest] {
        var digests: [String: ContentDigest] = [:]
        try statement("SELECT profileSet, digest FROM setMembers").run { row in
            digests[row.text(0)] = try Self.digest(row.text(1), in: "setMembers")
        }
        return digests
    }

    func members(of profileSet: String) throws -> ContiguousArray<DeviceKey>? {
        var keys: ContiguousArray<DeviceKey>?
        try statement("SELECT members FROM setMembers WHERE profileSet = ?").run(.text(profileSet)) { row in
            keys = try row.withBlob(0) { bytes in
                guard let keys = SetMembers.keys(packed: bytes) else { throw Self.damage("setMembers") }
                return keys
            }
        }
        return keys
    }

    func save(_ members: SetMembers) throws {
        try statement(
            """
            INSERT INTO setMembers (profileSet, digest, members) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET digest = excluded.digest, members = excluded.members
            """
        ).run(
            .text(members.profileSet), .text(members.digest.description), .blob(SetMembers.packed(members.keys)))
    }

    func removeMembers(of profileSet: String) throws {
        try statement("DELETE FROM setMembers WHERE profileSet = ?").run(.text(profileSet))
    }

    /// The sets that are paused or whose rollout was stopped by failures, with the devices that they had then.
    func heldSets(_ rollouts: [RolloutRecord], _ pauses: [Pause]) throws -> [HeldSet] {
        var held: [HeldSet] = []
        for rollout in rollouts {
            guard let abort = rollout.abort, let members = try members(of: rollout.profileSet) else { continue }
            held.append(HeldSet(profileSet: rollout.profileSet, cause: .aborted(abort), members: members))
        }
        for pause in pauses {
            guard let name = pause.scope.profileSet, let members = try members(of: name) else { continue }
            held.append(HeldSet(profileSet: name, cause: .paused(pause), members: members))
        }
        return held
    }

    // MARK: Manifests in force

    func revisionsInForce() throws -> [RevisionInForce] {
        var found: [RevisionInForce] = []
        let columns = "SELECT holder, owner, origin, digest, revision, sets, since FROM revisionInForce ORDER BY since"
        try statement(columns).run { row in
            guard let sets = try? JSONDecoder().decode([String].self, from: Data(row.text(5).utf8)) else {
                throw Self.damage("revisionInForce")
            }
            found.append(
                RevisionInForce(
                    holder: row.text(0), owner: row.text(1), origin: row.text(2),
                    digest: try Self.digest(row.text(3), in: "revisionInForce"), commit: row.optionalText(4),
                    profileSets: sets, since: row.time(6)))
        }
        return found
    }

    func save(_ revision: RevisionInForce) throws {
        let sets = String(decoding: try JSONEncoder().encode(revision.profileSets), as: UTF8.self)
        try statement(
            """
            INSERT INTO revisionInForce (holder, owner, origin, digest, revision, sets, since)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET owner = excluded.owner, origin = excluded.origin, digest = excluded.digest,
                revision = excluded.revision, sets = excluded.sets, since = excluded.since
            """
        ).run(
            .text(revision.holder), .text(revision.owner), .text(revision.origin),
            .text(revision.digest.description), .optional(revision.commit), .text(sets), .time(revision.since))
    }

    func removeRevision(heldBy holder: String) throws {
        try statement("DELETE FROM revisionInForce WHERE holder = ?").run(.text(holder))
    }

    private static func digest(_ text: String, in table: String) throws -> ContentDigest {
        guard let digest = ContentDigest(text) else { throw damage(table) }
        return digest
    }

    private static func damage(_ table: String) -> StateStoreError {
        StateStoreError(
            .damaged,
            "The state store holds a row in \(table) that cannot be read: it is damaged. Restore it from a copy.")
    }
}
