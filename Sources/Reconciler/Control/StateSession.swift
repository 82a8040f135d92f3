/// The care of the store that the settings name.
public struct StateSession: Sendable {
    private let settings: Settings

    public init(settings: Settings) {
        self.settings = settings
    }

    private func store() async throws -> SQLiteStore {
        guard let store = try await settings.openStoreIfThere() else {
            throw StateStoreError(
                .cannotOpen, "There is no state store \(settings.state). Name it with `state` or --state.")
        }
        guard let store = store as? SQLiteStore else {
            throw StateStoreError(.other, "This is built for stores in SQLite only: \(store.location).")
        }
        return store
    }

    /// Copies the store into a new file while others may work on it.
    /// - Throws: `StateStoreError`
    public func backUp(to copy: String) async throws { try await store().backUp(to: copy) }

    /// What is damaged in the store, a sentence for each finding, and none if all is well.
    /// - Throws: `StateStoreError`
    public func damage() async throws -> [String] { try await store().damage() }
}
