extension Settings {
    /// Opens the store that the settings name, and makes it where there is none.
    /// - Throws: `StateStoreError`
    public func openStore() async throws -> any StateStore {
        try await StateLocation.open(state, timeout: stateTimeout)
    }

    /// Opens the store if it is there; `nil` if nothing was ever written to it.
    /// - Throws: `StateStoreError`
    public func openStoreIfThere() async throws -> (any StateStore)? {
        try await StateLocation.openIfThere(state, timeout: stateTimeout)
    }
}
