import Foundation

/// A text to be read as manifest, and its name for people.
struct ManifestSource {
    let name: String
    let data: Data
}

/// Finds the texts behind the paths that were given.
struct ManifestSources {
    let standardInput: @Sendable () -> Data
    let sizeLimit: Int

    /// Reads files, everything `*.yaml` and `*.yml` below directories, and standard input for `-`.
    func read(_ paths: [String], complaints: inout ComplaintList) -> [ManifestSource] {
        var sources: [ManifestSource] = []
        var seen: Set<String> = []
        for path in paths {
            if path == "-" {
                if seen.insert("-").inserted { sources.append(ManifestSource(name: "<stdin>", data: standardInput())) }
                continue
            }
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                complaints.add(
                    Complaint(
                        .error, at: nil, found: "no file or directory `\(path.excerpt(limit: 200))`",
                        expected: "a YAML file, a directory of them, or - for standard input"))
                continue
            }
            let files = isDirectory.boolValue ? yamlFiles(below: path) : [path]
            if files.isEmpty {
                complaints.add(
                    Complaint(
                        .error, at: nil, found: "no *.yaml or *.yml below `\(path)`", expected: "at least one"))
            }
            for file in files where seen.insert(URL(fileURLWithPath: file).standardizedFileURL.path).inserted {
                if let data = read(file, place: nil, path: "", complaints: &complaints) {
                    sources.append(ManifestSource(name: file, data: data))
                }
            }
        }
        return sources
    }

    /// Reads one file; complains at `place`, where it is named, if it cannot be read.
    func read(_ file: String, place: SourcePlace?, path: String, complaints: inout ComplaintList) -> Data? {
        do {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: file).resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                complaints.add(
                    Complaint(.error, at: place, path: path, found: "`\(file)`, which is no file", expected: "a file"))
                return nil
            }
            let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            guard size <= sizeLimit else {
                complaints.add(
                    Complaint(
                        .error, at: place, path: path, found: "`\(file)` with \(size) bytes",
                        expected: "at most \(sizeLimit) bytes"))
                return nil
            }
            return try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
        } catch {
            complaints.add(
                Complaint(
                    .error, at: place, path: path, found: "`\(file)`, which cannot be read",
                    expected: "a file that exists and may be read"))
            return nil
        }
    }

    /// Hidden files are left out; a link that leads back up is not followed twice.
    private func yamlFiles(below directory: String) -> [String] {
        var visited: Set<String> = []
        var found: [String] = []
        func visit(_ folder: String) {
            guard visited.insert(URL(fileURLWithPath: folder).resolvingSymlinksInPath().path).inserted else { return }
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            where !name.hasPrefix(".") {
                let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
                var isDirectory: ObjCBool = false
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { continue }
                if isDirectory.boolValue {
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
