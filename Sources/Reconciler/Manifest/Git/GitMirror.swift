import Crypto
import Foundation

/// A bare repository of our own with the newest commit of one branch of another repository. All of it can be fetched
/// again: one that is damaged is made anew.
struct GitMirror: Sendable {
    /// The name of what is followed, in the mirror.
    private static let followed = "refs/profilectl/followed"

    let remote: GitRemote
    /// A branch, or a tag of that name if there is no such branch.
    let branch: String
    /// The mirror itself.
    let repository: GitRepository
    /// What mirrors are kept in; nobody else may look into it.
    private let cache: String
    private let limit: Duration

    /// - Parameters:
    ///   - cache: a folder, made if need be.
    ///   - limit: for each time that git is run.
    /// - Throws: `GitError` if there can be no such branch.
    init(_ remote: GitRemote, branch: String, cache: String, limit: Duration) throws(GitError) {
        guard Self.isName(branch) else {
            throw GitError(
                .noRevision,
                "`\(branch.excerpt(limit: 100))` is no name of a branch or a tag; expected one such as `main`",
                words: nil)
        }
        self.remote = remote
        self.branch = branch
        self.limit = limit
        let folder = URL(fileURLWithPath: cache).standardizedFileURL
        self.cache = folder.path
        let digest = SHA256.hash(data: Data("\(remote.address)\u{0}\(branch)".utf8))
        let name = digest.prefix(8).map { String(format: "%02x", $0) }.joined() + ".git"
        repository = GitRepository(folder: folder.appendingPathComponent(name).path, isMirror: true)
    }

    /// By the rules of `git check-ref-format`, as far as they could be taken for something else.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix("-") && !text.hasPrefix("/") && !text.hasSuffix("/") && !text.contains("..")
            && !text.contains("@{")
            && text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value != 0x7F && !"~^:?*[\\".unicodeScalars.contains($0)
            }
    }

    /// Fetches what has changed.
    ///
    /// - Returns: the number of the newest commit.
    /// - Throws: `GitError`; what was fetched before stays.
    func update() async throws(GitError) -> String {
        try makeCache()
        return try await GitCacheLock.whileHolding(lockFile, limit: limit) { () throws(GitError) in
            try await fetchIfNew()
        }
    }

    /// Beside the cache: what is in that may be removed at any time.
    private var lockFile: String { "\(cache).\(FilePath.name(of: repository.folder)).lock" }

    private func fetchIfNew() async throws(GitError) -> String {
        let tip = try await tip()
        let isNew = !FileManager.default.fileExists(atPath: repository.folder)
        do throws(GitError) {
            if !isNew {
                let held = try await held(in: repository.folder)
                if held.tip == tip.id { return held.commit }
            }
        } catch {
            // It is fetched then, and made anew where that fails.
            if error.reason == .unwanted || error.reason == .cannotRun { throw error }
        }
        do throws(GitError) {
            return try await fetch(tip, into: repository.folder)
        } catch {
            // The repository has just answered, so it may be the mirror that is locked or damaged.
            if error.reason == .refused, !isNew { return try await fetchAnew(tip) }
            removeLeftovers()
            throw error
        }
    }

    /// The number of the commit that was fetched last.
    func lastFetched() async -> Presence<String> {
        guard FileManager.default.fileExists(atPath: repository.folder) else { return .absent }
        do throws(GitError) {
            return .present(try await held(in: repository.folder).commit)
        } catch {
            return .unreadable(.git(error.description))
        }
    }

    /// Makes another mirror, and puts it in the place of the one that there is when it is whole.
    private func fetchAnew(_ tip: Tip) async throws(GitError) -> String {
        let files = FileManager.default
        // A name of its own, whoever else makes a mirror here.
        let draft = "\(repository.folder).\(UUID().uuidString).new"
        removeDrafts()
        defer { removeDrafts() }
        let commit = try await fetch(tip, into: draft)
        do {
            // Aside first, so that there is never half a mirror at the place.
            let former = "\(repository.folder).\(UUID().uuidString).new"
            try files.moveItem(atPath: repository.folder, toPath: former)
            try files.moveItem(atPath: draft, toPath: repository.folder)
        } catch {
            throw GitError(
                .cannotRun, "The mirror \(repository.folder) cannot be made anew: \(error.localizedDescription)",
                words: nil)
        }
        return commit
    }

    /// What this mirror's makers have left, killed ones included. Nobody makes one meanwhile: see `GitCacheLock`.
    private func removeDrafts() {
        let start = FilePath.name(of: repository.folder) + "."
        guard case .present(let names) = FolderListing.names(in: cache) else { return }
        for name in names where name.hasPrefix(start) && name.hasSuffix(".new") { remove(cache + "/" + name) }
    }

    /// What cannot be removed is in nobody's way: names are never used twice.
    private func remove(_ path: String) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {}
    }

    /// A git that was killed leaves locks and half a pack behind, which would become ever more.
    private func removeLeftovers() {
        guard let names = FileManager.default.enumerator(atPath: repository.folder) else { return }
        for case let name as String in names {
            let last = FilePath.name(of: name)
            guard last.hasSuffix(".lock") || last.hasPrefix("tmp_") else { continue }
            remove(repository.folder + "/" + name)
        }
    }

    /// Whether a commit that was fetched has another one among its ancestors; `nil` if that cannot be told, as where the
    /// other one was never fetched here.
    func descends(_ commit: String, from former: String) async -> Bool? {
        do throws(GitError) {
            let times = try await run(
                ["show", "--no-patch", "--format=%ct", former, commit, "--"], in: repository.folder
            ).text
                .split(separator: "\n").compactMap { Int($0) }
            guard times.count == 2, let oldest = times.min() else { return nil }
            // Only what was committed since: a way from one to the other goes through nothing older, but for clocks that
            // differ.
            try await GitCacheLock.whileHolding(lockFile, limit: limit) { () throws(GitError) in
                try await fetch(
                    try await tip(), only: "--shallow-since=\(oldest - Self.slackOfClocks)", into: repository.folder)
            }
        } catch {
            return nil
        }
        do throws(GitError) {
            _ = try await run(["merge-base", "--is-ancestor", former, commit], in: repository.folder)
            return true
        } catch {
            return error.reason == .refused ? false : nil
        }
    }

    /// In seconds.
    private static let slackOfClocks = 86_400

    private struct Tip: Sendable {
        let reference: String
        /// Of the commit, or of the annotated tag.
        let id: String
    }

    /// What the branch is now.
    private func tip() async throws(GitError) -> Tip {
        let wanted = ["refs/heads/\(branch)", "refs/tags/\(branch)"]
        let found = try await references(wanted)
        for reference in wanted {
            if let tip = found.first(where: { $0.reference == reference }) { return tip }
        }
        let all = try await references([])
        guard !all.isEmpty else {
            throw GitError(.noRevision, "The repository \(remote.name) is empty. Push the manifests to it", words: nil)
        }
        let names = all.compactMap { $0.reference.firstMatch(of: #/^refs/(?:heads|tags)/(.+)$/#).map { String($0.1) } }
        let hint = NearestWord.hint(for: branch, among: names).map { " (\($0))" } ?? ""
        throw GitError(
            .noRevision,
            "The repository \(remote.name) has no branch or tag `\(branch)`\(hint); it may have been deleted or renamed",
            words: nil)
    }

    private func references(_ patterns: [String]) async throws(GitError) -> [Tip] {
        let listing: GitProcess.Result
        do throws(GitError) {
            listing = try await run(
                ["ls-remote", "--quiet", "--heads", "--tags"] + remote.fetchOptions + [remote.location] + patterns,
                in: repository.folder,
                access: .remote(remote))
        } catch {
            guard error.reason == .refused else { throw error }
            throw GitError(
                .noRepository,
                "The repository \(remote.name) cannot be reached. `git ls-remote` with its address tries the same by hand",
                words: error.words)
        }
        return listing.text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: "\t", maxSplits: 1)
            return words.count == 2 ? Tip(reference: String(words[1]), id: String(words[0])) : nil
        }
    }

    /// What a mirror has of the branch.
    private func held(in folder: String) async throws(GitError) -> (tip: String, commit: String) {
        let names = ["rev-parse", Self.followed, Self.followed + "^{commit}"]
        let lines = try await run(names, in: folder).text.split(separator: "\n")
        guard lines.count == 2 else {
            throw GitError(.unreadable, "The mirror \(folder) is damaged", words: nil)
        }
        return (String(lines[0]), String(lines[1]))
    }

    /// - Returns: the number of the commit.
    private func fetch(_ tip: Tip, into folder: String) async throws(GitError) -> String {
        if !FileManager.default.fileExists(atPath: folder + "/HEAD") {
            let format = tip.id.count == 64 ? ["--object-format=sha256"] : []
            _ = try await run(["init", "--quiet", "--bare", "--template="] + format, in: folder)
        }
        // Only what the commit holds; the branch may have moved on meanwhile, and be another one altogether.
        try await fetch(tip, only: "--depth=1", into: folder)
        return try await held(in: folder).commit
    }

    /// - Parameter depth: how much of the history, as an option.
    private func fetch(_ tip: Tip, only depth: String, into folder: String) async throws(GitError) {
        _ = try await run(
            [
                "fetch", "--quiet", depth, "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
            ] + remote.fetchOptions + [remote.location, "+\(tip.reference):\(Self.followed)"], in: folder,
            access: .remote(remote))
    }

    /// - Parameter folder: of the mirror.
    private func run(
        _ arguments: [String], in folder: String, access: GitAccess = .local
    ) async throws(GitError) -> GitProcess.Result {
        try await GitProcess.run(
            arguments,
            options: [
                "--git-dir=\(folder)",
                // What was fetched is there after a power cut; a clean-up ends with the fetch.
                "-c", "core.fsync=all", "-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false",
            ], in: cache, access: access, secrets: remote.secrets, limit: limit)
    }

    private func makeCache() throws(GitError) {
        do {
            let mode = [FileAttributeKey.posixPermissions: 0o700]
            try FileManager.default.createDirectory(
                atPath: cache, withIntermediateDirectories: true, attributes: mode)
            try FileManager.default.setAttributes(mode, ofItemAtPath: cache)
        } catch {
            throw GitError(
                .cannotRun,
                "The folder \(cache), which is to hold what is fetched, cannot be used: "
                    + error.localizedDescription, words: nil)
        }
    }
}
