import Synchronization

/// Keeps callbacks durably, many in one transaction when many come at once.
///
/// The first of a burst writes for all who came while the one before it was writing, so that a sync of the disk
/// is shared. `keep` returns only after the commit.
public final class CallbackInbox: Sendable {
    private enum Turn {
        case write
        case done(Result<Void, any Error>)
    }

    private struct Waiting {
        let callback: NewCallback
        let continuation: CheckedContinuation<Turn, Never>
    }

    private struct Queue {
        var isWriting = false
        var waiting: [Waiting] = []
        /// How many callbacks were kept since `wakeup` was told.
        var keptUntold = 0
    }

    private let store: any StateStore
    private let wakeup: Wakeup
    private let queue = Mutex(Queue())

    /// - Parameter wakeup: told when a burst is over, and within a long one each time that a batch has come together:
    ///   to let a few at a time take effect would slow down the keeping.
    public init(store: any StateStore, wakeup: Wakeup) {
        self.store = store
        self.wakeup = wakeup
    }

    /// Keeps a callback.
    /// - Throws: `StateStoreError`; the callback is not kept then and must not be acknowledged.
    public func keep(_ callback: NewCallback) async throws {
        let turn = await withCheckedContinuation { continuation in
            let isFirst = queue.withLock { queue in
                if queue.isWriting {
                    queue.waiting.append(Waiting(callback: callback, continuation: continuation))
                    return false
                }
                queue.isWriting = true
                return true
            }
            if isFirst { continuation.resume(returning: .write) }
        }
        if case .done(let result) = turn { return try result.get() }
        let companions = queue.withLock { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
        let result = await write([callback] + companions.map(\.callback))
        for companion in companions { companion.continuation.resume(returning: .done(result)) }
        passTurn(afterKeeping: (try? result.get()) == nil ? 0 : companions.count + 1)
        try result.get()
    }

    private func write(_ callbacks: [NewCallback]) async -> Result<Void, any Error> {
        do {
            try await store.write { try $0.keep(callbacks) }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Lets the next one write, and tells of what was kept.
    private func passTurn(afterKeeping count: Int) {
        let (next, isToTell) = queue.withLock { queue in
            queue.keptUntold += count
            let isToTell = queue.waiting.isEmpty || queue.keptUntold >= CallbackFolder.batchSize
            if isToTell { queue.keptUntold = 0 }
            let next = queue.waiting.isEmpty ? nil : queue.waiting.removeFirst()
            if next == nil { queue.isWriting = false }
            return (next, isToTell)
        }
        next?.continuation.resume(returning: .write)
        if isToTell { wakeup.notify() }
    }
}
