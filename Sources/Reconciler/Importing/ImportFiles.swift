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
        var pending: [(path: String, data: Data)] = []
        var standing: [String] = []
        for document in documents {
            let path = "\(folder)/\(document.name).yaml"
            let data = Data(document.text.utf8)
            do {
                let there = try ManifestText(file: path)
                if Data(there.bytes(at: 0, count: there.size)) == data { continue }
                standing.append(path)
            } catch .absent {
                // The file is made.
            } catch {
                // Something stands there, whatever it is.
                standing.append(path)
            }
            pending.append((path, data))
        }
        guard overwrites || standing.isEmpty else {
            let others = standing.count == 1 ? "" : " and \(standing.count - 1) more files"
            throw SettingsError(
                "\(standing[0])\(others) would be overwritten. Nothing was written; use --force if that is meant, or "
                    + "another folder.")
        }
        do {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (path, data) in pending { try data.write(to: URL(fileURLWithPath: path), options: .atomic) }
        } catch {
            throw SettingsError("The files cannot be written into \(folder): \(error.localizedDescription)")
        }
        return pending.map(\.path)
    }
}
