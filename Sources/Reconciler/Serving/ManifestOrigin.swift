/// Where a controller's manifests come from, and whether they have changed.
public protocol ManifestOrigin: Sendable {
    /// Looks at what there is now, or at what there was last where that cannot be told.
    ///
    /// - Parameter files: those that were read last or were to be read, tables included, wherever they are.
    /// - Throws: `ManifestsOutOfReach`
    func look(also files: [String]) async throws -> ManifestRevision

    /// Whether a commit has another one among its ancestors; `nil` if there are none, or nobody can tell.
    func descends(_ commit: String, from former: String) async -> Bool?

    /// As a person would name it.
    var name: String { get }

    /// How often it is worth a look.
    var usualInterval: Duration { get }
}

extension ManifestOrigin {
    public func descends(_ commit: String, from former: String) async -> Bool? { nil }
}

/// One state of the manifests.
public struct ManifestRevision: Sendable {
    private enum Source: Sendable {
        case files([String], allowsExternalTables: Bool)
        case commit(GitRepository, branch: String, paths: [String])
    }

    /// Two revisions with the same fingerprint hold the same.
    public let fingerprint: String
    /// The git commit, where they come from git.
    public let commit: String?
    /// Whether it cannot change while it is read.
    public let isSettled: Bool
    /// Why it may not be the latest.
    public let doubt: ManifestsOutOfReach?
    private let source: Source

    /// Files of this machine as they are now.
    init(fingerprint: String, files paths: [String], allowsExternalTables: Bool) {
        self.fingerprint = fingerprint
        commit = nil
        isSettled = false
        doubt = nil
        source = .files(paths, allowsExternalTables: allowsExternalTables)
    }

    /// What was committed.
    ///
    /// - Parameters:
    ///   - branch: that the commit was found on, for complaints.
    ///   - paths: as they are called in the repository.
    ///   - doubt: why it may not be the latest.
    init(
        commit: String, of repository: GitRepository, branch: String, paths: [String], doubt: ManifestsOutOfReach? = nil
    ) {
        self.doubt = doubt
        fingerprint = commit
        self.commit = commit
        isSettled = true
        source = .commit(repository, branch: branch, paths: paths)
    }

    /// - Throws: `GitError` if the commit cannot be read, or does not have one of the paths.
    func load(isStrict: Bool) async throws(GitError) -> LoadedManifest {
        switch source {
        case .files(let paths, let allowsExternalTables):
            return await ManifestLoader(
                isStrict: isStrict, allowsExternalTables: allowsExternalTables, standardInput: { .init() }
            ).load(paths)
        case .commit(let repository, let branch, let paths):
            let revision = try GitRevision(branch, commit: fingerprint, of: repository)
            return try await revision.load(paths, isStrict: isStrict)
        }
    }
}

/// The manifests, or the latest of them, cannot be looked at, as sentences with what to do.
public struct ManifestsOutOfReach: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// What stays the same for as long as the same is in the way, whatever the sentence says.
    public let condition: String

    public init(_ description: String, condition: String) {
        self.description = description
        self.condition = condition
    }
}
