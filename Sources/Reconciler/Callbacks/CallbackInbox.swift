/// Keeps callbacks durably, many in one transaction when many come at once.
///
/// The first of a burst writes for all who came while the one before it was writing, so that a sync of the disk
/// is shared. `keep` returns only after the commit.
public actor CallbackInbox {
    private enum Turn {
        case write
        case done(Result<Void, any Error>)
    }

    private let store: any StateStore
    private let wakeup: Wakeup
    private var isWriting = false
    private var waiting: [(callback: NewCallback, continuation: CheckedContinuation<Turn, Never>)] = []

    /// - Parameter wakeup: told after each commit.
    public init(store: any StateStore, wakeup: Wakeup) {
        self.store = store
        self.wakeup = wakeup
    }

    /// Keeps a callback.
    /// - Throws: `StateStoreError`; the callback is not kept then and must not be acknowledged.
    public func keep(_ callback: NewCallback) async throws {
        if isWriting {
            let turn = await withCheckedContinuation { waiting.append((callback, $0)) }
            if case .done(let result) = turn {
                return try result.get()
            }
        }
        isWriting = true
        let companions = waiting
        waiting = []
        let result = await write([callback] + companions.map(\.callback))
        for companion in companions {
            companion.continuation.resume(returning: .done(result))
        }
        if waiting.isEmpty {
            isWriting = false
        } else {
            waiting.removeFirst().continuation.resume(returning: .write)
        }
        try result.get()
    }

    private func write(_ callbacks: [NewCallback]) async -> Result<Void, any Error> {
        do {
            try await store.write { try $0.keep(callbacks) }
            wakeup.notify()
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
