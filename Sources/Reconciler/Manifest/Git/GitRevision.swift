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
        /// Something whose path is no UTF-8, and cannot be named.
        case unnameable
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
            guard words.count == 3 else {
                throw GitError(.unreadable, "The files of commit \(commit.prefix(12)) cannot be listed", words: nil)
            }
            let bytes = line[(tab + 1)...]
            let path = FileName.text(bytes)
            let isNamed = path.utf8.elementsEqual(bytes)
            let mode: Mode = words[0] == "120000" ? .link : words[1] == "blob" ? .file : .repository
            entries[path] = Entry(mode: isNamed ? mode : .unnameable, id: words[2])
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

    /// Whether the revision has something at a path, readable or not.
    func has(_ path: String) -> Bool {
        if case .absent = kind(of: path) { return false }
        return true
    }

    /// Reads the manifests of the revision.
    ///
    /// - Parameter paths: as they are called in the repository.
    /// - Throws: `GitError` if one of them is not in the revision.
    func load(_ paths: [String], isStrict: Bool) async throws(GitError) -> LoadedManifest {
        for path in paths where !has(path) {
            throw GitError(
                .notInRevision, "Revision \(name) (\(shortCommit)) has no file or folder `\(path)`", words: nil)
        }
        return await ManifestLoader(isStrict: isStrict, files: self).load(paths.map { $0.isEmpty ? "." : $0 })
    }

    // MARK: Files

    func kind(of path: String) -> Presence<ManifestFileKind> {
        switch resolved(path) {
        case .absent: return .absent
        case .unreadable(let failure): return .unreadable(failure)
        case .present(let path):
            if folders[path] != nil || path.isEmpty { return .present(.folder) }
            guard let entry = entries[path] else { return .absent }
            switch entry.mode {
            case .file: return .present(.file)
            case .repository: return .unreadable(.submodule)
            case .unnameable: return .unreadable(.nameEncoding)
            case .link: return .unreadable(.circularLink)
            }
        }
    }

    func names(in folder: String) -> Presence<[String]> {
        switch resolved(folder) {
        case .absent: return .absent
        case .unreadable(let failure): return .unreadable(failure)
        case .present(let path):
            if let names = folders[path] { return .present(names) }
            return path.isEmpty ? .present([]) : .absent
        }
    }

    func open(_ path: String) throws(ReadFailure) -> ManifestText {
        let resolved = try resolved(path).required()
        guard let entry = entries[resolved] else { throw folders[resolved] == nil ? .absent : .notAFile }
        switch entry.mode {
        case .file: return ManifestText(try content(of: entry))
        case .repository: throw .submodule
        case .unnameable: throw .nameEncoding
        case .link: throw .circularLink
        }
    }

    func place(of path: String) -> String {
        if case .present(let place) = resolved(path) { return place }
        return path
    }

    /// A link that leads out of the revision leads nowhere.
    func isLink(_ path: String) -> Bool { false }

    /// The top: nothing outside the revision can be read at all.
    func boundary(of folder: String) -> String { "" }

    func tableBoundary(of folder: String) -> String { "" }

    private func content(of entry: Entry) throws(ReadFailure) -> Data {
        do {
            return try repository.run(["cat-file", "blob", entry.id]).output
        } catch {
            throw .git(error.description)
        }
    }

    /// So many links on the way to a file are followed.
    private static let linkLimit = 16

    /// The path without dots and links.
    private func resolved(_ path: String) -> Presence<String> {
        guard !path.hasPrefix("/") else { return .unreadable(.outwardLink(to: path)) }
        var rest = path.split(separator: "/").map(String.init)[...]
        var done: [String] = []
        /// What the last link said.
        var lastTarget: String?
        var links = 0
        while let component = rest.popFirst() {
            switch component {
            case ".": continue
            case "..":
                guard done.popLast() != nil else { return .unreadable(.outwardLink(to: lastTarget ?? path)) }
            default:
                done.append(component)
                guard let entry = entries[done.joined(separator: "/")] else { continue }
                if entry.mode == .repository, !rest.isEmpty { return .unreadable(.submodule) }
                guard entry.mode == .link else { continue }
                links += 1
                guard links <= Self.linkLimit else { return .unreadable(.circularLink) }
                let target: Data
                do {
                    target = try content(of: entry)
                } catch {
                    return .unreadable(error)
                }
                guard let text = String(validating: target, as: UTF8.self) else { return .unreadable(.nameEncoding) }
                guard !text.hasPrefix("/") else { return .unreadable(.outwardLink(to: text)) }
                lastTarget = text
                done.removeLast()
                rest = text.split(separator: "/").map(String.init)[...] + rest
            }
        }
        let place = done.joined(separator: "/")
        if let lastTarget, entries[place] == nil, folders[place] == nil, !place.isEmpty {
            return .unreadable(.danglingLink(to: lastTarget))
        }
        return .present(place)
    }
}
