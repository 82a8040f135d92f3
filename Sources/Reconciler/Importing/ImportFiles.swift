import Foundation

/// Puts imported documents into a folder, all of them or none.
public enum ImportFiles {
    /// Writes a file for each document. One that holds the same already is left alone.
    ///
    /// - Parameter overwrites: whether files with other contents may be replaced.
    /// - Returns: the paths of the files that were written.
    /// - Throws: `SettingsError`
    public static func write(
        _ documents: [ImportedDocument], into folder: String, overwrites: Bool
    ) throws(SettingsError) -> [String] {
        try UnexpandedPath.check(folder, as: "--into")
        let files = FileManager.default
        var pending: [(path: String, bytes: [UInt8])] = []
        var standing: [String] = []
        for document in documents {
            let path = "\(folder)/\(document.name).yaml"
            let bytes = Array(document.text.utf8)
            do {
                let there = try ManifestText(file: path)
                if there.bytes(at: 0, count: there.size) == bytes { continue }
                standing.append(path)
            } catch .absent {
                // The file is made.
            } catch {
                // Something stands there, whatever it is.
                standing.append(path)
            }
            pending.append((path, bytes))
        }
        guard overwrites || standing.isEmpty else {
            let others = standing.count == 1 ? "" : " and \(standing.count - 1) more files"
            throw SettingsError(
                "\(standing[0])\(others) would be overwritten. Nothing was written; use --force if that is meant, or "
                    + "another folder.")
        }
        do {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw SettingsError("The folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        // All are checked before the first is written.
        let targets = try pending.map { file throws(SettingsError) in
            (
                path: file.path, bytes: file.bytes,
                file: try refusals(of: file.path) { () throws(OutputFile.Refusal) in
                    try OutputFile(file.path, mode: 0o644, keepsMode: true)
                }
            )
        }
        for target in targets {
            try refusals(of: target.path) { () throws(OutputFile.Refusal) in
                try target.file.write { piece in try piece(target.bytes) }
            }
        }
        return pending.map(\.path)
    }

    private static func refusals<Result>(
        of path: String, _ work: () throws(OutputFile.Refusal) -> Result
    ) throws(SettingsError) -> Result {
        do {
            return try work()
        } catch {
            throw SettingsError("The file \(path) \(error.reason)")
        }
    }
}
