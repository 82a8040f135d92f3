import Foundation

/// A text to be read as manifest, by the name that people know it by.
enum ManifestSource: Hashable, Sendable {
    case file(String)
    case standardInput

    var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "<stdin>"
        }
    }
}

/// A text that a path leads to.
struct FoundSource: Hashable, Sendable {
    let source: ManifestSource
    /// Whether it was named itself, and not found in a folder.
    let isNamed: Bool
}

/// Finds and opens the texts behind the paths that were given.
struct ManifestSources: Sendable {
    let standardInput: ManifestText?
    let sizeLimit: Int
    let files: any ManifestFiles
    /// Whether tables may lie anywhere.
    let allowsExternalTables: Bool

    /// Files, everything `*.yaml` and `*.yml` below directories, and standard input for `-`, each once. Whatever cannot
    /// be read is complained of.
    static func find(
        _ paths: [String], among files: any ManifestFiles, complaints: inout ComplaintList
    ) -> [FoundSource] {
        var sources: [FoundSource] = []
        var seen: Set<String> = []
        for path in paths {
            if path == "-" {
                if seen.insert("-").inserted { sources.append(FoundSource(source: .standardInput, isNamed: true)) }
                continue
            }
            let found: [String]
            var isNamed = true
            switch files.kind(of: path) {
            case .absent:
                complaints.add(
                    Complaint(
                        .error, .unreadable, at: nil, found: "no file or directory `\(path.excerpt(limit: 200))`",
                        expected: "a YAML file, a directory of them, or - for standard input"))
                continue
            case .unreadable(let failure):
                complaints.add(.unreadable(path, failure))
                continue
            case .present(.file): found = [path]
            case .present(.folder):
                isNamed = false
                let errorsBefore = complaints.errorCount
                var walk = ManifestFolderWalk(files: files, boundary: files.boundary(of: path))
                walk.visit(path, complaints: &complaints)
                found = walk.found
                if found.isEmpty, complaints.errorCount == errorsBefore {
                    complaints.add(
                        Complaint(
                            .error, .unreadable, at: nil,
                            found: "no *.yaml or *.yml below `\(path.excerpt(limit: 200))`",
                            expected: "at least one"))
                }
            }
            for file in found where seen.insert(URL(fileURLWithPath: file).standardizedFileURL.path).inserted {
                sources.append(FoundSource(source: .file(file), isNamed: isNamed))
            }
        }
        return sources
    }

    /// Opens a text; complains at `place`, where it is named, if it cannot be read.
    func open(
        _ source: ManifestSource, place: SourcePlace? = nil, path: ValuePath = "", complaints: inout ComplaintList
    ) -> ManifestText? {
        let name = source.name.excerpt(limit: 300)
        let text: ManifestText
        switch source {
        case .standardInput:
            guard let standardInput else { return nil }
            text = standardInput
        case .file(let file):
            do {
                text = try files.open(file)
            } catch {
                complaints.add(.unreadable(name, error, at: place, path: path))
                return nil
            }
        }
        let start = SourcePlace(file: name, line: 1, column: 1)
        if text.size > sizeLimit {
            complaints.add(
                Complaint(
                    .error, .limit, at: place ?? start, path: path, found: "`\(name)` with \(text.size) bytes",
                    expected: "at most \(sizeLimit) bytes"))
            return nil
        }
        if let form = TextForm.unreadable(text) {
            complaints.add(
                Complaint(.error, .syntax, at: start, found: form.found, expected: form.expected, hint: form.hint))
            return nil
        }
        return text
    }

    /// The path of a CSV that a document names, relative to the document's own folder.
    static func path(of table: ManifestDocument.Source, namedIn file: String) -> String {
        let folder = file == ManifestSource.standardInput.name ? "" : FilePath.folder(of: file)
        return table.csv.hasPrefix("/") || folder.isEmpty ? table.csv : folder + "/" + table.csv
    }

    /// Reads the CSV that a document names.
    func table(
        _ table: ManifestDocument.Source, of file: String, complaints: inout ComplaintList
    ) -> DeclaredDevices? {
        let path = Self.path(of: table, namedIn: file)
        guard isAllowed(path, namedIn: file) else {
            // Not a word of what stands in it: who writes the manifest may not be allowed to read it.
            complaints.add(
                Complaint(
                    .error, .unreadable, at: table.place, path: table.path,
                    found: "`\(table.csv.excerpt(limit: 200))`, which is not below the folder of the manifest",
                    expected: "a CSV file below that folder, links followed",
                    hint: "move it there, or run with --allow-external-csv if the manifests are your own"))
            return nil
        }
        guard let text = open(.file(path), place: table.place, path: table.path, complaints: &complaints) else {
            return nil
        }
        let bytes = text.bytes(at: 0, count: text.size)
        guard bytes.count == text.size, text.hasKeptItsSize else {
            complaints.add(.changedMeanwhile(path))
            return nil
        }
        return DeviceTable(file: path, bytes: bytes).read(complaints: &complaints)
    }

    private func isAllowed(_ path: String, namedIn file: String) -> Bool {
        if allowsExternalTables { return true }
        let folder = file == ManifestSource.standardInput.name ? "" : FilePath.folder(of: file)
        return FilePath.isBelow(files.place(of: path), files.tableBoundary(of: folder.isEmpty ? "." : folder))
    }
}

/// Collects the YAML files below a folder. Hidden ones are left out; a link that leads back up is not followed twice.
struct ManifestFolderWalk {
    let files: any ManifestFiles
    /// What links must not lead out of: whoever writes into the folder could have any file of this machine read.
    let boundary: String
    private(set) var found: [String] = []
    private var visited: Set<String> = []

    init(files: any ManifestFiles, boundary: String) {
        self.files = files
        self.boundary = boundary
    }

    mutating func visit(_ folder: String, complaints: inout ComplaintList) {
        guard visited.insert(files.place(of: folder)).inserted else { return }
        let names: [String]
        switch files.names(in: folder) {
        case .present(let listed): names = listed.sorted()
        case .absent: return complaints.add(.unreadable(folder, .absent))
        case .unreadable(let failure): return complaints.add(.unreadable(folder, failure))
        }
        for name in names where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            let isYAML = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
            switch files.kind(of: path) {
            case .absent:
                // It has gone since the folder was listed; a name that is no UTF-8 leads to nothing.
                if isYAML { complaints.add(.unreadable(path, .absent)) }
            case .unreadable(let failure): complaints.add(.unreadable(path, failure))
            case .present(let kind):
                guard kind == .folder || isYAML else { continue }
                if files.isLink(path), !FilePath.isBelow(files.place(of: path), boundary) {
                    complaints.add(.unreadable(path, .outwardLink(to: files.place(of: path))))
                } else if kind == .folder {
                    visit(path, complaints: &complaints)
                } else {
                    found.append(path)
                }
            }
        }
    }
}

extension Complaint {
    /// - Parameter place: where it is named; the beginning of it if nowhere.
    static func unreadable(
        _ name: String, _ failure: ReadFailure, at place: SourcePlace? = nil, path: ValuePath = ""
    ) -> Complaint {
        Complaint(
            .error, .unreadable, at: place ?? SourcePlace(file: name, line: 1, column: 1), path: path,
            found: "`\(name)`, \(failure.words)", expected: failure.expected, hint: failure.hint)
    }
}
