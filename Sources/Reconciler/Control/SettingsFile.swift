import Foundation

/// The settings file as it lies on disk.
struct SettingsFile {
    let data: Data
    /// What a person ought to know about it.
    let warnings: [String]

    /// - Throws: `SettingsError`
    init(_ path: String) throws(SettingsError) {
        do {
            let text = try ManifestText(file: path)
            guard text.size <= Self.sizeLimit else {
                throw SettingsError(
                    "The settings file \(path) has \(text.size) bytes; at most \(Self.sizeLimit) are read.")
            }
            data = Data(text.bytes(at: 0, count: text.size))
            guard data.count == text.size, text.hasKeptItsSize else {
                throw SettingsError("The settings file \(path) changed while it was read. Run again.")
            }
        } catch let failure as ReadFailure {
            throw SettingsError("The settings file `\(path)`, \(failure.words). Check its path and mode.")
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError("The settings file \(path) cannot be read: \(error).")
        }
        var status = stat()
        let isAnybodys = stat(path, &status) == 0 && status.st_mode & S_IWOTH != 0
        warnings =
            isAnybodys
            ? [
                "Anybody on this machine may write the settings file \(path), and so choose where secrets are sent. "
                    + "`chmod o-w` ends that."
            ] : []
    }

    private static let sizeLimit = 1 << 20
}

/// Paths in which a shell would put something else: nobody does so here, and a folder of that name would be made.
public enum UnexpandedPath {
    /// - Parameter name: of the setting or option.
    /// - Throws: `SettingsError`
    public static func check(_ path: String, as name: String) throws(SettingsError) {
        let bare = path.hasPrefix("sqlite:") ? path.dropFirst(7) : path[...]
        let isHome = bare.hasPrefix("~/")
        guard isHome || bare.contains(#/\$(\{[A-Za-z_]|[A-Za-z_])/#) else { return }
        throw SettingsError(
            "`\(path.excerpt(limit: 200))` (\(name)) is taken as it is written: profilectl puts nothing in the place of "
                + "`\(isHome ? "~" : "$")`. Write the whole path.")
    }
}

extension Settings {
    /// The paths among the settings, by their names.
    var paths: [(name: String, path: String)] {
        var all = [(name: "state", path: state)]
        if let callbackTLS {
            all += [("callbacks.tls.certificate", callbackTLS.certificate), ("callbacks.tls.key", callbackTLS.key)]
        }
        if let adminTLS { all += [("admin.tls.certificate", adminTLS.certificate), ("admin.tls.key", adminTLS.key)] }
        return all
    }
}
