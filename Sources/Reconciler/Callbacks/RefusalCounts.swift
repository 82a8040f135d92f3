import Logging
import Synchronization

/// Counts what a listener refuses, and writes it to the store and the log once a while: a flood of bad calls costs
/// neither a transaction nor a line each.
final class RefusalCounts: Sendable {
    /// Why a call was refused. The names are those of the store's counters.
    enum Reason: String, CaseIterable, Sendable {
        case wrongClient = "callbacks.wrongClient"
        case wrongPath = "callbacks.wrongPath"
        case tooLarge = "callbacks.tooLarge"
        case malformed = "callbacks.malformed"
        case wrongCredentials = "callbacks.wrongCredentials"
        case overloaded = "callbacks.overloaded"
    }

    private let store: any StateStore
    private let logger: Logger
    private let counts = Mutex<[Reason: Int64]>([:])

    init(store: any StateStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func add(_ reason: Reason) {
        counts.withLock { $0[reason, default: 0] += 1 }
    }

    /// Writes down what was counted since the last time.
    func flush() async {
        let taken = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        guard !taken.isEmpty else { return }
        logger.warning(
            "Callbacks were refused",
            metadata: Logger.Metadata(
                uniqueKeysWithValues: taken.map { ($0.key.rawValue, .stringConvertible($0.value)) }))
        do {
            try await store.write { transaction in
                for (reason, count) in taken { try transaction.raiseCounter(reason.rawValue, by: count) }
            }
        } catch {
            // They are counted again with the next ones.
            counts.withLock { $0.merge(taken, uniquingKeysWith: +) }
        }
    }
}
