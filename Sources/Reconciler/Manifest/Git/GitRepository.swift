import Foundation

/// A git repository, read through `git`: never through a shell, and nothing in it is changed.
public struct GitRepository: Sendable {
    /// The top folder of its work tree, or the repository itself if it is a mirror.
    let folder: String
    /// Whether it has no work tree, and is ours.
    var isMirror = false

    /// Runs git upon it.
    /// - Throws: `GitError`
    func run(_ arguments: [String]) throws(GitError) -> GitProcess.Result {
        try GitProcess.run(arguments, options: isMirror ? ["--git-dir=."] : [], in: folder)
    }

    /// Finds the repository that holds certain paths, whether there is something at them or not.
    ///
    /// - Returns: the repository, and the paths as they are called in it.
    /// - Throws: `GitError` if there is none, or several.
    static func holding(_ paths: [String]) throws(GitError) -> (GitRepository, paths: [String]) {
        var found: GitRepository?
        var inside: [String] = []
        for path in paths {
            let (folder, rest) = nearestFolder(of: path)
            let places: GitProcess.Result
            do {
                places = try GitProcess.run(["rev-parse", "--show-toplevel", "--show-prefix"], in: folder)
            } catch {
                throw error.reason == .refused
                    ? GitError(.noRepository, "`\(path)` is in no git repository that can be read", words: error.words)
                    : error
            }
            // The second line is empty at the top.
            guard let text = String(validating: places.output, as: UTF8.self) else {
                throw GitError(
                    .unreadable, "The path of the repository that holds `\(path)` is no UTF-8. Give it another name",
                    words: nil)
            }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard lines.count >= 2 else {
                throw GitError(.noRepository, "`\(path)` is in no work tree of a git repository", words: nil)
            }
            if let found, found.folder != lines[0] {
                throw GitError(
                    .noRepository, "The paths are in two repositories, \(found.folder) and \(lines[0])", words: nil)
            }
            found = GitRepository(folder: lines[0])
            // The second line ends with a slash.
            inside.append(rest.isEmpty ? String(lines[1].dropLast()) : lines[1] + rest)
        }
        guard let found else { throw GitError(.noRepository, "No path was given", words: nil) }
        return (found, inside)
    }

    /// The last folder on a path that exists, and what of the path lies below it.
    private static func nearestFolder(of path: String) -> (folder: String, rest: String) {
        var folder = URL(fileURLWithPath: path).standardizedFileURL
        var rest: [String] = []
        var isDirectory: ObjCBool = false
        while !FileManager.default.fileExists(atPath: folder.path, isDirectory: &isDirectory) || !isDirectory.boolValue,
            folder.path != "/"
        {
            rest.insert(folder.lastPathComponent, at: 0)
            folder.deleteLastPathComponent()
        }
        return (folder.path, rest.joined(separator: "/"))
    }

    /// The commit that a name stands for: a branch, a tag, `HEAD~3` ...
    /// - Throws: `GitError`
    func commit(of revision: String) throws(GitError) -> String {
        // What begins with a dash would be an option.
        guard !revision.isEmpty, !revision.hasPrefix("-"), !revision.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw GitError(.noRevision, "`\(revision.excerpt(limit: 100))` is no name of a revision", words: nil)
        }
        do {
            let result = try run(["rev-parse", "--verify", "--quiet", revision + "^{commit}"])
            return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            guard error.reason == .refused else { throw error }
            throw GitError(
                .noRevision,
                "The repository \(folder) has no revision `\(revision.excerpt(limit: 100))`. Fetch it if it is elsewhere; "
                    + "`git branch --all` and `git tag` show what there is", words: error.words)
        }
    }
}
