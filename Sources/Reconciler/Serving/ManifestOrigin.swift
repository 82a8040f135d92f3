/// Where a controller's manifests come from, and whether they have changed.
public protocol ManifestOrigin: Sendable {
    /// Looks at what there is now.
    ///
    /// - Parameter files: those that the fleet was read from last, tables included, wherever they are.
    /// - Throws: `ManifestsOutOfReach`
    func look(also files: [String]) async throws -> ManifestRevision

    /// As a person would name it.
    var name: String { get }
}

/// One state of the manifests.
public struct ManifestRevision: Hashable, Sendable {
    /// Two revisions with the same fingerprint hold the same.
    public let fingerprint: String
    /// The git commit, where they come from git.
    public let commit: String?
    /// What is to be read.
    public let paths: [String]
    /// Whether it cannot change while it is read.
    public let isSettled: Bool

    public init(fingerprint: String, commit: String?, paths: [String], isSettled: Bool) {
        self.fingerprint = fingerprint
        self.commit = commit
        self.paths = paths
        self.isSettled = isSettled
    }
}

/// The manifests cannot be looked at, as a sentence with what to do.
public struct ManifestsOutOfReach: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
