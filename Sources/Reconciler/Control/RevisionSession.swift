import Foundation

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
        let before = try GitRevision(range.before, of: repository)
        let after = try range.after.map { name throws(GitError) in try GitRevision(name, of: repository) }
        // What only one of the two has is new, or gone; what neither has is a slip.
        for (path, inside) in zip(paths, inside) where !before.has(inside) {
            let isThere =
                if let after { after.has(inside) } else { FileManager.default.fileExists(atPath: path) }
            guard !isThere else { continue }
            throw GitError(
                .notInRevision,
                "Revision \(before.name) (\(before.shortCommit)) has no file or folder `\(inside)`, and "
                    + (after.map { "\($0.name) (\($0.shortCommit)) has none either" } ?? "there is none now"),
                words: nil)
        }
        func side(_ revision: GitRevision) async throws -> (RevisionComparison.Side, DesiredFleet) {
            let name = RevisionComparison.Side.revision(name: revision.name, commit: revision.commit)
            let held = inside.filter { revision.has($0) }
            guard !held.isEmpty else { return (name, DesiredFleet()) }
            let loaded = try await revision.load(held, isStrict: isStrict)
            return (name, try take(loaded, "revision \(revision.name) (\(revision.shortCommit))"))
        }
        let former = try await side(before)
        let latter: (RevisionComparison.Side, DesiredFleet) =
            if let after { try await side(after) } else { (.workTree, try await load()) }
        return RevisionComparison(
            before: former.0, after: latter.0, difference: FleetDifference(from: former.1, to: latter.1))
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
