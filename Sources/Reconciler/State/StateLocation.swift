import Foundation

/// Opens the store that the settings name.
public enum StateLocation {
    fileprivate static let sqlitePrefix = "sqlite:"

    /// - Parameter location: `sqlite:PATH`, or a path.
    /// - Throws: `StateStoreError`
    public static func open(_ location: String) throws -> any StateStore {
        if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            throw StateStoreError(
                .cannotOpen, "State in PostgreSQL is not built yet. Use sqlite:PATH.")
        }
        let path = location.hasPrefix(sqlitePrefix) ? String(location.dropFirst(sqlitePrefix.count)) : location
        guard !path.isEmpty else {
            throw StateStoreError(.cannotOpen, "The state store has no path. Use sqlite:PATH.")
        }
        return try SQLiteStore(path: path)
    }
}

extension StateLocation {
    /// Opens the store if it is there; `nil` if nothing was ever written to it.
    /// - Throws: `StateStoreError`
    public static func openIfThere(_ location: String) throws -> (any StateStore)? {
        let path = location.hasPrefix(sqlitePrefix) ? String(location.dropFirst(sqlitePrefix.count)) : location
        if !location.contains("://"), !path.isEmpty, !FileManager.default.fileExists(atPath: path) { return nil }
        return try open(location)
    }

    /// A folder of this machine for what belongs to the store and can be had again.
    public static func folder(_ name: String, beside location: String) -> String {
        guard !location.contains("://") else { return ".profilectl/" + name }
        let path = location.hasPrefix(sqlitePrefix) ? String(location.dropFirst(sqlitePrefix.count)) : location
        return URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(name).path
    }
}
