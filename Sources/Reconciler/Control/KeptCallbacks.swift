/// The callbacks that were acknowledged and have not taken effect yet, because the process that kept them ended: whoever
/// decides by the store or shows it lets them take effect first.
struct KeptCallbacks: Sendable {
    let store: any StateStore
    let clock: any WallClock
    let policy: ConvergencePolicy

    /// - Throws: `StateStoreError`
    func takeEffect() async throws {
        let isThereOne = try await store.read { try !$0.unreadCallbacks(limit: 1).isEmpty }
        guard isThereOne else { return }
        try await CallbackFolder(store: store, clock: clock, policy: policy, wakeup: Wakeup()).readAll()
    }
}
