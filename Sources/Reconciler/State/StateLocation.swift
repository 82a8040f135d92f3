import Foundation

/// Opens the store that the settings name.
public enum StateLocation {
    private static let sqlitePrefix = "sqlite:"

    /// - Parameters:
    ///   - location: `sqlite:PATH`, or a path.
    ///   - timeout: how long another process on the store is waited for.
    /// - Throws: `StateStoreError`
    public static func open(_ location: String, timeout: Duration) async throws -> any StateStore {
        if location.hasPrefix("postgres://") || location.hasPrefix("postgresql://") {
            throw StateStoreError(
                .cannotOpen, "State in PostgreSQL is not built yet. Use sqlite:PATH.")
        }
        let path = path(of: location)
        guard !path.isEmpty else {
            throw StateStoreError(.cannotOpen, "The state store has no path. Use sqlite:PATH.")
        }
        return try await withCheckedThrowingContinuation { continuation in
            // Another process may have to be waited for, and the threads that all tasks share are not for waiting.
            DispatchQueue.global().async {
                continuation.resume(with: Result { try SQLiteStore(path: path, busyTimeout: timeout) })
            }
        }
    }

    /// Opens the store if it is there; `nil` if nothing was ever written to it.
    /// - Throws: `StateStoreError`
    public static func openIfThere(_ location: String, timeout: Duration) async throws -> (any StateStore)? {
        isThere(location) ? try await open(location, timeout: timeout) : nil
    }

    /// Whether a store is there; of one that is no file of this machine that is not known before it is opened.
    static func isThere(_ location: String) -> Bool {
        let path = path(of: location)
        return location.contains("://") || path.isEmpty || FileManager.default.fileExists(atPath: path)
    }

    /// The same store, where a relative path is one below a folder.
    static func resolve(_ location: String, below folder: String) -> String {
        guard !location.contains("://") else { return location }
        let path = path(of: location)
        guard !path.isEmpty else { return location }
        return sqlitePrefix + FilePath.resolve(path, below: folder)
    }

    /// Leaves the stores of this process as whole files, at its orderly end.
    ///
    /// What was committed is on the disk already: that a log could not be copied loses nothing.
    ///
    /// - Returns: why one could not be, as sentences.
    public static func copyLogs() async -> [String] {
        guard !OpenStores.all.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: OpenStores.all.compactMap { store in
                        do {
                            try store.copyLog()
                            return nil
                        } catch {
                            return "\(error)"
                        }
                    })
            }
        }
    }

    private static func path(of location: String) -> String {
        location.hasPrefix(sqlitePrefix) ? String(location.dropFirst(sqlitePrefix.count)) : location
    }

    /// A folder of this machine for what belongs to the store and can be had again.
    public static func folder(_ name: String, beside location: String) -> String {
        guard !location.contains("://") else { return ".profilectl/" + name }
        let path = location.hasPrefix(sqlitePrefix) ? String(location.dropFirst(sqlitePrefix.count)) : location
        return URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(name).path
    }
}
