import Foundation

/// The files of one revision of a repository, as they were committed. Paths count from the top of the repository.
public struct GitRevision: ManifestFiles {
    private struct Entry {
        let mode: Mode
        let id: String
    }

    private enum Mode {
        case file
        case link
        case repository
    }

    /// As a person named it.
    public let name: String
    /// The whole number of the commit.
    public let commit: String
    private let repository: GitRepository
    private let entries: [String: Entry]
    private let folders: [String: [String]]

    /// The number of the commit, short enough for people.
    public var shortCommit: String { String(commit.prefix(12)) }

    /// - Throws: `GitError`
    init(_ name: String, of repository: GitRepository) throws(GitError) {
        try self.init(name, commit: repository.commit(of: name), of: repository)
    }

    /// - Parameter commit: that the name stands for, or stood for.
    /// - Throws: `GitError`
    init(_ name: String, commit: String, of repository: GitRepository) throws(GitError) {
        self.name = name
        self.repository = repository
        self.commit = commit
        let listing = try repository.run(["ls-tree", "-r", "-z", "--full-tree", commit])
        var entries: [String: Entry] = [:]
        var folders: [String: Set<String>] = [:]
        for line in listing.output.split(separator: 0) {
            // MODE TYPE ID, a tab, the path.
            guard let tab = line.firstIndex(of: 0x09) else { continue }
            let words = line[..<tab].split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 3 else { continue }
            let path = String(decoding: line[(tab + 1)...], as: UTF8.self)
            let mode: Mode = words[0] == "120000" ? .link : words[1] == "blob" ? .file : .repository
            entries[path] = Entry(mode: mode, id: words[2])
            Self.add(path, to: &folders)
        }
        self.entries = entries
        self.folders = folders.mapValues { Array($0) }
    }

    /// Adds a path to all the folders above it.
    private static func add(_ path: String, to folders: inout [String: Set<String>]) {
        var below = path
        while true {
            let folder = FilePath.folder(of: below)
            let isNew = folders[folder, default: []].insert(FilePath.name(of: below)).inserted
            guard isNew, !folder.isEmpty else { return }
            below = folder
        }
    }

    /// Reads the manifests of the revision.
    ///
    /// - Parameter paths: as they are called in the repository.
    /// - Throws: `GitError` if one of them is not in the revision.
    func load(_ paths: [String], isStrict: Bool) async throws(GitError) -> LoadedManifest {
        for path in paths where kind(of: path) == nil {
            throw GitError(
                .notInRevision, "Revision \(name) (\(shortCommit)) has no file or folder `\(path)`", words: nil)
        }
        return await ManifestLoader(isStrict: isStrict, files: self).load(paths.map { $0.isEmpty ? "." : $0 })
    }

    // MARK: Files

    func kind(of path: String) -> ManifestFileKind? {
        guard let path = resolved(path) else { return nil }
        if folders[path] != nil { return .folder }
        guard let entry = entries[path], entry.mode == .file else { return nil }
        return .file
    }

    func names(in folder: String) -> [String] { resolved(folder).flatMap { folders[$0] } ?? [] }

    func open(_ path: String) throws(ManifestText.OpeningError) -> ManifestText {
        guard let resolved = resolved(path) else { throw .unreadable }
        guard let entry = entries[resolved], entry.mode == .file else {
            throw folders[resolved] == nil ? .unreadable : .notAFile
        }
        guard let content = content(of: entry) else { throw .unreadable }
        return ManifestText(content)
    }

    func place(of path: String) -> String { resolved(path) ?? path }

    private func content(of entry: Entry) -> Data? {
        try? repository.run(["cat-file", "blob", entry.id]).output
    }

    /// So many links on the way to a file are followed.
    private static let linkLimit = 16

    /// The path without dots and links; `nil` if it leads out of the repository.
    private func resolved(_ path: String) -> String? {
        var rest = path.split(separator: "/").map(String.init)[...]
        guard !path.hasPrefix("/") else { return nil }
        var done: [String] = []
        var links = 0
        while let component = rest.popFirst() {
            switch component {
            case ".": continue
            case "..":
                guard done.popLast() != nil else { return nil }
            default:
                done.append(component)
                guard let entry = entries[done.joined(separator: "/")], entry.mode == .link else { continue }
                links += 1
                guard links <= Self.linkLimit, let target = content(of: entry) else { return nil }
                let text = String(decoding: target, as: UTF8.self)
                guard !text.hasPrefix("/") else { return nil }
                done.removeLast()
                rest = text.split(separator: "/").map(String.init)[...] + rest
            }
        }
        return done.joined(separator: "/")
    }
}
