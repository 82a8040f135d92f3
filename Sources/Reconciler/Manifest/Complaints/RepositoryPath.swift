import Foundation

/// Turns the names of files as people gave them into paths within a repository, as code hosts want them.
struct RepositoryPath {
    private let root: [Substring]
    private let directory: String

    /// - Parameters:
    ///   - root: the top folder of the repository.
    ///   - directory: what relative names are relative to.
    init(root: String, directory: String) {
        self.directory = directory
        self.root = Self.parts(of: root)
    }

    /// The path below the top folder with `/` between its parts; `nil` for what is not below it, or is no file.
    func relative(_ file: String) -> String? {
        guard file != ManifestSource.standardInput.name else { return nil }
        let parts = Self.parts(of: absolute(file))
        guard parts.count > root.count, parts.starts(with: root) else { return nil }
        return parts.dropFirst(root.count).joined(separator: "/")
    }

    func absolute(_ file: String) -> String {
        file.hasPrefix("/") ? file : directory + "/" + file
    }

    /// Without `.`, and with `..` taken back.
    private static func parts(of path: String) -> [Substring] {
        path.split(separator: "/").reduce(into: []) { parts, part in
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
    }
}
