import Foundation

/// Where manifests are read from: the file system, or a revision of a repository.
protocol ManifestFiles: Sendable {
    /// What is at a path, links followed.
    func kind(of path: String) -> Presence<ManifestFileKind>
    /// The names of what a folder holds.
    func names(in folder: String) -> Presence<[String]>
    /// - Throws: `ReadFailure`
    func open(_ path: String) throws(ReadFailure) -> ManifestText
    /// The same for all paths that lead to one place.
    func place(of path: String) -> String
    /// Whether a path is itself a link that has to be held against the boundary.
    func isLink(_ path: String) -> Bool
    /// The place that links below a folder must not lead out of.
    func boundary(of folder: String) -> String
    /// The place that tables of a manifest in a folder lie below.
    func tableBoundary(of folder: String) -> String
}

enum ManifestFileKind: Sendable {
    case file
    case folder
}

/// The files of this machine.
struct FolderFiles: ManifestFiles {
    func kind(of path: String) -> Presence<ManifestFileKind> {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let number = errno
            switch number {
            case ELOOP: return .unreadable(.circularLink)
            case ENOENT, ENOTDIR:
                guard let target = Self.linkTarget(path) else { return .absent }
                return .unreadable(.danglingLink(to: target))
            default: return .unreadable(.system(number))
            }
        }
        return .present(status.st_mode & S_IFMT == S_IFDIR ? .folder : .file)
    }

    /// Where a link leads; `nil` if there is none.
    private static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        return count < 0 ? nil : FileName.text(buffer.prefix(count))
    }

    func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    func names(in folder: String) -> Presence<[String]> { FolderListing.names(in: folder) }

    func open(_ path: String) throws(ReadFailure) -> ManifestText { try ManifestText(file: path) }

    /// As the system finds it: behind a link `..` is the folder that the link leads to.
    func place(of path: String) -> String {
        if let place = Self.realPath(path) { return place }
        let folder = FilePath.folder(of: path)
        guard let above = Self.realPath(folder.isEmpty ? "." : folder) else {
            return URL(fileURLWithPath: path).standardizedFileURL.path
        }
        return (above == "/" ? "" : above) + "/" + FilePath.name(of: path)
    }

    private static func realPath(_ path: String) -> String? {
        guard let place = realpath(path, nil) else { return nil }
        defer { free(place) }
        return String(cString: place)
    }

    /// The work tree that the folder belongs to, if it belongs to one; its neighbours are of the same origin.
    func boundary(of folder: String) -> String {
        let place = place(of: folder)
        var candidate = place
        while candidate != "/", !candidate.isEmpty {
            if case .present = kind(of: candidate + "/.git") { return candidate }
            candidate = FilePath.folder(of: candidate)
        }
        return place
    }

    func tableBoundary(of folder: String) -> String { place(of: folder) }
}
