import Foundation

/// Where manifests are read from: the file system, or a revision of a repository.
protocol ManifestFiles: Sendable {
    /// What is at a path, links followed; `nil` if nothing is.
    func kind(of path: String) -> ManifestFileKind?
    /// The names of what a folder holds; none if it cannot be read.
    func names(in folder: String) -> [String]
    func open(_ path: String) throws(ManifestText.OpeningError) -> ManifestText
    /// The same for all paths that lead to one place.
    func place(of path: String) -> String
}

enum ManifestFileKind: Sendable {
    case file
    case folder
}

/// The files of this machine.
struct FolderFiles: ManifestFiles {
    func kind(of path: String) -> ManifestFileKind? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return nil }
        return isDirectory.boolValue ? .folder : .file
    }

    func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    func open(_ path: String) throws(ManifestText.OpeningError) -> ManifestText { try ManifestText(file: path) }

    func place(of path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
}
