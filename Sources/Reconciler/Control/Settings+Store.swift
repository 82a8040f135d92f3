extension Settings {
    /// Opens the store that the settings name, and makes it where there is none.
    /// - Throws: `StateStoreError`
    public func openStore() async throws -> any StateStore {
        try await StateLocation.open(state, timeout: stateTimeout)
    }

    /// Opens the store for a command that only reads or changes what is there, and never makes one.
    ///
    /// - Parameter consequence: what its absence means, as a sentence.
    /// - Throws: `StateStoreError`
    public func openExistingStore(_ consequence: String) async throws -> any StateStore {
        if let store = try await openStoreIfThere() { return store }
        throw StateStoreError(.cannotOpen, "\(missingStore) \(consequence)")
    }

    /// That there is no store, and where it was looked for, as sentences.
    public var missingStore: String {
        "There is no state store at \(state) yet: `apply`, `refresh`, `import` and `serve` make one. If it is elsewhere, "
            + "name it with --state, PROFILECTL_STATE, or `state:` in the settings."
    }

    /// Whether a store is there.
    public var hasStore: Bool { StateLocation.isThere(state) }

    /// Opens the store if it is there; `nil` if nothing was ever written to it.
    /// - Throws: `StateStoreError`
    public func openStoreIfThere() async throws -> (any StateStore)? {
        try await StateLocation.openIfThere(state, timeout: stateTimeout)
    }
}
