/// The manifests that a controller acts by, for other controllers on the store: two with different ones would undo each
/// other's work.
public struct RevisionInForce: Hashable, Sendable {
    /// Tells the controller from all other processes: the text of its `ProcessIdentity`.
    public let holder: String
    /// The controller as a person would name it: user, host, process.
    public let owner: String
    /// Where the manifests come from, as a person would name it.
    public let origin: String
    /// Names all that the manifests declare.
    public let digest: ContentDigest
    /// Of the manifests, where they come from git.
    public let commit: String?
    public let profileSets: [String]
    public let since: Timestamp

    public init(
        holder: String, owner: String, origin: String, digest: ContentDigest, commit: String?, profileSets: [String],
        since: Timestamp
    ) {
        self.holder = holder
        self.owner = owner
        self.origin = origin
        self.digest = digest
        self.commit = commit
        self.profileSets = profileSets
        self.since = since
    }

    /// The manifests as a person would name them.
    public var name: String { commit.map { "\(origin) at commit \($0)" } ?? origin }
}
