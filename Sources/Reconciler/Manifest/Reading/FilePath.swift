/// The two parts of a path, as text. Foundation's `NSString.deletingLastPathComponent` and `lastPathComponent` end the
/// program where the path has a single character (seen with Swift 6.1 on Linux).
enum FilePath {
    /// The path without its last component; empty if there is only one.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A path as a file in this folder means it: a relative one is below the folder. One that a shell would expand stays as
    /// it is written, so that it can be refused.
    static func resolve(_ path: String, below folder: String) -> String {
        guard !folder.isEmpty, !path.hasPrefix("/"), !path.hasPrefix("~/") else { return path }
        return folder.hasSuffix("/") ? folder + path : folder + "/" + path
    }

    /// The last component.
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// Whether a place is a folder or lies below it; both without links and dots.
    static func isBelow(_ place: String, _ folder: String) -> Bool {
        folder.isEmpty || place == folder || place.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    }
}
