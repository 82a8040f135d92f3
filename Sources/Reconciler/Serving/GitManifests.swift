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

    /// Whether the address that was given has a password in it, for all to see among the arguments of this process.
    public var holdsPassword: Bool { mirror.remote.holdsPassword }

    /// A server is asked each time.
    public var usualInterval: Duration { .seconds(60) }

    public var name: String {
        let shown = paths.filter { !$0.isEmpty }
        return "\(mirror.remote.name), \(mirror.branch)" + (shown.isEmpty ? "" : ": \(shown.joined(separator: ", "))")
    }

    public func look(also files: [String]) async throws -> ManifestRevision {
        do throws(GitError) {
            return revision(try await mirror.update())
        } catch {
            // Better than no fleet at all, for one that has just been started.
            guard error.reason != .unwanted, case .present(let commit) = await mirror.lastFetched() else {
                throw ManifestsOutOfReach(error.description, condition: "\(error.reason)")
            }
            return revision(
                commit,
                doubt: ManifestsOutOfReach(
                    "\(error.description) The commit that was fetched last, \(commit.prefix(12)), is gone by until that "
                        + "is mended; there may be a newer one.", condition: "\(error.reason)"))
        }
    }

    private func revision(_ commit: String, doubt: ManifestsOutOfReach? = nil) -> ManifestRevision {
        ManifestRevision(commit: commit, of: mirror.repository, branch: mirror.branch, paths: paths, doubt: doubt)
    }

    public func descends(_ commit: String, from former: String) async -> Bool? {
        await mirror.descends(commit, from: former)
    }
}
