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

/// Finds and opens the texts behind the paths that were given.
struct ManifestSources: Sendable {
    let standardInput: ManifestText?
    let sizeLimit: Int
    let files: any ManifestFiles

    /// Files, everything `*.yaml` and `*.yml` below directories, and standard input for `-`, each once.
    static func find(
        _ paths: [String], among files: any ManifestFiles, complaints: inout ComplaintList
    ) -> [ManifestSource] {
        var sources: [ManifestSource] = []
        var seen: Set<String> = []
        for path in paths {
            if path == "-" {
                if seen.insert("-").inserted { sources.append(.standardInput) }
                continue
            }
            guard let kind = files.kind(of: path) else {
                complaints.add(
                    Complaint(
                        .error, .unreadable, at: nil, found: "no file or directory `\(path.excerpt(limit: 200))`",
                        expected: "a YAML file, a directory of them, or - for standard input"))
                continue
            }
            let found = kind == .folder ? yamlFiles(below: path, among: files) : [path]
            if found.isEmpty {
                complaints.add(
                    Complaint(
                        .error, .unreadable, at: nil, found: "no *.yaml or *.yml below `\(path.excerpt(limit: 200))`",
                        expected: "at least one"))
            }
            for file in found where seen.insert(URL(fileURLWithPath: file).standardizedFileURL.path).inserted {
                sources.append(.file(file))
            }
        }
        return sources
    }

    /// Opens a text; complains at `place`, where it is named, if it cannot be read.
    func open(
        _ source: ManifestSource, place: SourcePlace? = nil, path: ValuePath = "", complaints: inout ComplaintList
    ) -> ManifestText? {
        let name = source.name.excerpt(limit: 300)
        let text: ManifestText?
        var problem: Complaint?
        switch source {
        case .standardInput:
            text = standardInput
        case .file(let file):
            do {
                text = try files.open(file)
            } catch {
                text = nil
                problem =
                    switch error {
                    case .notAFile:
                        Complaint(
                            .error, .unreadable, at: place, path: path, found: "`\(name)`, which is no file",
                            expected: "a file")
                    case .unreadable:
                        Complaint(
                            .error, .unreadable, at: place, path: path, found: "`\(name)`, which cannot be read",
                            expected: "a file that exists and may be read")
                    }
            }
        }
        if let text, text.size > sizeLimit {
            problem = Complaint(
                .error, .limit, at: place ?? SourcePlace(file: source.name, line: 1, column: 1), path: path,
                found: "`\(name)` with \(text.size) bytes", expected: "at most \(sizeLimit) bytes")
        }
        if let problem {
            complaints.add(problem)
            return nil
        }
        return text
    }

    /// Reads the CSV that a document names, relative to the document's own folder.
    func table(
        _ table: ManifestDocument.Source, of file: String, complaints: inout ComplaintList
    ) -> DeclaredDevices? {
        let folder = file == ManifestSource.standardInput.name ? "" : FilePath.folder(of: file)
        let path = table.csv.hasPrefix("/") || folder.isEmpty ? table.csv : folder + "/" + table.csv
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

    /// Hidden files are left out; a link that leads back up is not followed twice.
    private static func yamlFiles(below directory: String, among files: any ManifestFiles) -> [String] {
        var visited: Set<String> = []
        var found: [String] = []
        func visit(_ folder: String) {
            guard visited.insert(files.place(of: folder)).inserted else { return }
            for name in files.names(in: folder).sorted() where !name.hasPrefix(".") {
                let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
                guard let kind = files.kind(of: path) else { continue }
                if kind == .folder {
                    visit(path)
                } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
                    found.append(path)
                }
            }
        }
        visit(directory)
        return found
    }
}
