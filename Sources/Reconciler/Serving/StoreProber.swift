/// Tries periodically whether the state store keeps what is written: without it, a store that is gone or a disk that is
/// full would show only when a callback comes.
struct StoreProber: Sendable {
    let store: any StateStore
    let board: ControllerBoard
    let clock: any WallClock
    let interval: Duration
    /// How long a try may take before the store counts as silent.
    let patience: Duration

    /// Goes on until the task is cancelled.
    /// - Throws: `CancellationError`
    func run() async throws {
        while true {
            let found = await probe()
            board.update { status in
                if case .fails(let error, _) = found, case .fails(let former, let since) = status.store,
                    former.reason == error.reason
                {
                    status.store = .fails(error, since: since)
                } else {
                    status.store = found
                }
            }
            try await clock.sleep(until: clock.now() + interval)
        }
    }

    private func probe() async -> StoreCondition {
        do {
            try await store.probe(at: clock.now())
            let now = clock.now()
            return .keeps(at: now, until: now + interval + patience)
        } catch let error as StateStoreError {
            return .fails(error, since: clock.now())
        } catch {
            return .fails(StateStoreError(.other, "The state store cannot be used: \(error)."), since: clock.now())
        }
    }
}
