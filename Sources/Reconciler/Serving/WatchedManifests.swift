import Crypto
import Foundation

/// Manifests in files and directories of this machine. A change is told by the names, sizes and times of the files, as
/// they can be had on any file system.
public struct WatchedManifests: ManifestOrigin {
    private let paths: [String]
    private let allowsExternalTables: Bool

    /// - Parameters:
    ///   - paths: YAML files and directories of them.
    ///   - allowsExternalTables: whether CSV files may lie outside the folder of the manifest that names them.
    public init(paths: [String], allowsExternalTables: Bool = false) {
        self.paths = paths
        self.allowsExternalTables = allowsExternalTables
    }

    public var usualInterval: Duration { .seconds(5) }

    public var name: String { paths.joined(separator: ", ") }

    public func look(also files: [String]) async throws -> ManifestRevision {
        var troubles = ComplaintList(limit: 1000, isStrict: false)
        var names = Set(files)
        for case .file(let path) in ManifestSources.find(paths, among: FolderFiles(), complaints: &troubles)
            .map(\.source)
        { names.insert(path) }
        var hash = SHA256()
        for name in names.sorted() {
            hash.update(data: Data("\(name)\u{0}\(Self.traits(of: name))\u{0}".utf8))
        }
        // What cannot be read is a part of what there is: its repair is a change.
        for trouble in troubles.complaints { hash.update(data: Data("\(trouble.text)\u{0}".utf8)) }
        return ManifestRevision(
            fingerprint: hash.finalize().map { String(format: "%02x", $0) }.joined(), files: paths,
            allowsExternalTables: allowsExternalTables)
    }

    /// What changes with the contents: a link that is turned to another file, as Kubernetes does it, included.
    private static func traits(of path: String) -> String {
        var found = stat()
        guard stat(path, &found) == 0 else { return "error \(errno)" }
        // Whoever sets the time of the contents back does not set the time of that.
        return "\(found.st_dev) \(found.st_ino) \(found.st_size) \(found.st_mtim.tv_sec).\(found.st_mtim.tv_nsec) "
            + "\(found.st_ctim.tv_sec).\(found.st_ctim.tv_nsec)"
    }
}
