/// Two states of the same manifests, and what lies between them.
public struct RevisionComparison: Sendable {
    /// One of the two.
    public enum Side: Hashable, Sendable {
        /// The files as they are now.
        case workTree
        case revision(name: String, commit: String)
    }

    public let before: Side
    public let after: Side
    public let difference: FleetDifference
}

/// Compares manifests with those of another revision of their git repository: neither the state store nor the carrier
/// is asked.
public struct RevisionSession: Sendable {
    private let range: RevisionRange
    private let isStrict: Bool

    /// - Parameters:
    ///   - against: a revision, for a comparison with the files as they are now, or two with `..` between them.
    ///   - isStrict: whether warnings are errors.
    /// - Throws: `GitError`
    public init(against: String, isStrict: Bool) throws(GitError) {
        range = try RevisionRange(against)
        self.isStrict = isStrict
    }

    /// - Parameters:
    ///   - paths: of files or folders.
    ///   - load: reads the manifests as they are now.
    ///   - take: given what was read of a revision, with the name of that; gives the fleet, or throws if it is of no use.
    /// - Throws: `GitError`, and what `load` and `take` throw.
    public func compare(
        _ paths: [String], load: () async throws -> DesiredFleet,
        take: (LoadedManifest, String) throws -> DesiredFleet
    ) async throws -> RevisionComparison {
        let (repository, inside) = try GitRepository.holding(paths)
        func fleet(_ name: String) async throws -> (RevisionComparison.Side, DesiredFleet) {
            let revision = try GitRevision(name, of: repository)
            let loaded = try await revision.load(inside, isStrict: isStrict)
            return (
                .revision(name: name, commit: revision.commit),
                try take(loaded, "revision \(name) (\(revision.shortCommit))")
            )
        }
        let before = try await fleet(range.before)
        let after: (RevisionComparison.Side, DesiredFleet) =
            if let name = range.after { try await fleet(name) } else { (.workTree, try await load()) }
        return RevisionComparison(
            before: before.0, after: after.0, difference: FleetDifference(from: before.1, to: after.1))
    }
}

/// What is compared with what: `main`, or `v1..v2`.
struct RevisionRange: Hashable, Sendable {
    let before: String
    /// `nil` for the files as they are now.
    let after: String?

    init(_ text: String) throws(GitError) {
        guard !text.contains("...") else {
            throw GitError(
                .noRevision,
                "`\(text.excerpt(limit: 100))` has three dots. Use two, and `git merge-base` for where two branches parted",
                words: nil)
        }
        guard let dots = text.firstRange(of: "..") else {
            before = text
            after = nil
            return
        }
        before = String(text[..<dots.lowerBound])
        after = String(text[dots.upperBound...])
        guard !before.isEmpty, after?.isEmpty == false else {
            throw GitError(
                .noRevision, "`\(text.excerpt(limit: 100))` names no revision on one side of the dots", words: nil)
        }
    }
}
