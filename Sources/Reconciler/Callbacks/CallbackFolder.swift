/// Reads the callbacks that the inbox has kept and lets them take effect: known state, operations, event log.
///
/// What is kept and not yet read survives a crash; a later run reads it. A callback takes effect once, whichever
/// process reads it, because its mark and its effect are one transaction.
public struct CallbackFolder: Sendable {
    private let store: any StateStore
    private let clock: any WallClock
    private let policy: ConvergencePolicy
    private let wakeup: Wakeup

    /// - Parameter wakeup: told when callbacks have taken effect.
    public init(store: any StateStore, clock: any WallClock, policy: ConvergencePolicy, wakeup: Wakeup) {
        self.store = store
        self.clock = clock
        self.policy = policy
        self.wakeup = wakeup
    }

    /// How many callbacks are read in one transaction.
    static let batchSize = 500

    /// Reads all callbacks that are waiting, but for those whose request has no name yet.
    /// - Returns: how many took effect.
    /// - Throws: `StateStoreError`
    @discardableResult
    public func readAll() async throws -> Int {
        var total = 0
        var last: CallbackNumber?
        repeat {
            // However many are left for later, those behind them are read.
            let (count, next) = try await readBatch(after: last)
            total += count
            if count > 0 { wakeup.notify() }
            last = next
        } while last != nil
        return total
    }

    /// - Returns: how many have taken effect, and the last one that was looked at; `nil` if none is left behind it.
    private func readBatch(after former: CallbackNumber?) async throws -> (count: Int, last: CallbackNumber?) {
        let unread = try await store.read { try $0.unreadCallbacks(after: former, limit: Self.batchSize) }
        guard let last = unread.last else { return (0, nil) }
        var messages: [CallbackNumber: CallbackMessage] = [:]
        for record in unread {
            messages[record.number] = try? CallbackMessage(json: Array(record.redactedText.utf8))
        }
        let now = clock.now()
        let count = try await store.write { [messages, policy] transaction in
            var batch = FoldBatch(transaction: transaction, now: now, policy: policy)
            // Another process may have read some of them meanwhile.
            let still = try transaction.unreadCallbacks(upTo: last.number)
            let records = unread.filter { still.contains($0.number) }
            try batch.prepare(for: records.compactMap { messages[$0.number] })
            var count = 0
            for record in records where try batch.fold(record, messages[record.number]) { count += 1 }
            try batch.commit()
            return count
        }
        return (count, unread.count < Self.batchSize ? nil : last.number)
    }
}
