import Foundation

/// Manifests on a branch of a git repository, here or elsewhere. They are read from the commit itself, through a mirror
/// of ours: what lies checked out somewhere does not count.
public struct GitManifests: ManifestOrigin {
    private let mirror: GitMirror
    private let paths: [String]

    /// - Parameters:
    ///   - repository: a folder, or a URL (https, ssh, file). What it holds of names and passwords is never shown.
    ///   - branch: or a tag.
    ///   - paths: of files and folders, from the top of the repository; none for all of it.
    ///   - cache: a folder for what is fetched; see `StateLocation.folder`.
    ///   - limit: for each time that git is run.
    /// - Throws: `GitError` if there can be no such repository, branch or path.
    public init(
        repository: String, branch: String, paths: [String] = [], cache: String, limit: Duration = .seconds(120)
    ) throws(GitError) {
        mirror = try GitMirror(GitRemote(repository), branch: branch, cache: cache, limit: limit)
        var inside: [String] = []
        for path in paths {
            let components = path.split(separator: "/").filter { $0 != "." }
            guard !path.isEmpty, !path.hasPrefix("/"), !components.contains(".."), path != "-" else {
                throw GitError(
                    .notInRevision,
                    "`\(path.excerpt(limit: 100))` is no path in a repository; expected one from its top, such as `fleet` or "
                        + "`fleet/meters.yaml`", words: nil)
            }
            inside.append(components.joined(separator: "/"))
        }
        self.paths = inside.isEmpty ? [""] : inside
    }

    /// A server is asked each time.
    public var usualInterval: Duration { .seconds(60) }

    public var name: String {
        let shown = paths.filter { !$0.isEmpty }
        return "\(mirror.remote.name), \(mirror.branch)" + (shown.isEmpty ? "" : ": \(shown.joined(separator: ", "))")
    }

    public func look(also files: [String]) async throws -> ManifestRevision {
        do throws(GitError) {
            return ManifestRevision(
                commit: try await mirror.update(), of: mirror.repository, branch: mirror.branch, paths: paths)
        } catch {
            throw ManifestsOutOfReach(error.description, condition: "\(error.reason)")
        }
    }

    public func descends(_ commit: String, from former: String) async -> Bool? {
        await mirror.descends(commit, from: former)
    }
}
