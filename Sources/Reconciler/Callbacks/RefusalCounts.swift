import Logging
import NIOCore
import Synchronization

/// Counts what a listener refuses, and writes it to the store and the log once a while: a flood of bad calls costs
/// neither a transaction nor a line each.
final class RefusalCounts: Sendable {
    /// Why a call was refused. The names are those of the store's counters.
    enum Reason: String, CaseIterable, Sendable {
        case wrongClient = "callbacks.wrongClient"
        case wrongPath = "callbacks.wrongPath"
        /// Not a POST.
        case otherRequest = "callbacks.otherRequest"
        case tooLarge = "callbacks.tooLarge"
        case malformed = "callbacks.malformed"
        case wrongCredentials = "callbacks.wrongCredentials"
        case overloaded = "callbacks.overloaded"
        /// Connections that had to make room for others, or found none.
        case crowdedOut = "callbacks.crowdedOut"
        /// Connections without a TLS handshake.
        case failedHandshake = "callbacks.failedHandshake"
    }

    /// The latest refusal of a kind, as an example for the log.
    private struct Example {
        let reason: Reason
        let client: String
        let detail: String?
    }

    private typealias Counts = [Reason: Int64]

    /// How often they are written to the store, and after how many times to the log.
    private static let interval = Duration.seconds(1)
    private static let intervalsPerLine = 10

    private let store: any StateStore
    private let clock: any WallClock
    private let logger: Logger
    private let allowed: AllowedClients?
    let health: CallbackHealth
    private let example = Mutex<Example?>(nil)
    /// Those that are not in the store yet, and not in the log.
    private let counts = Mutex<(unwritten: Counts, untold: Counts)>(([:], [:]))

    /// - Parameters:
    ///   - allowed: who may connect; `nil` for everybody.
    ///   - health: told of each refusal.
    init(
        store: any StateStore, clock: any WallClock, logger: Logger, allowed: AllowedClients? = nil,
        health: CallbackHealth = CallbackHealth()
    ) {
        self.allowed = allowed
        self.health = health
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// - Parameters:
    ///   - client: who was refused, where that is known.
    ///   - detail: what is wrong with it, cleaned.
    func add(_ reason: Reason, from client: SocketAddress? = nil, detail: String? = nil) {
        health.refuse(reason, from: client, at: clock.now(), allowed: allowed)
        if let address = client?.ipAddress {
            // The details of one are not lost by another one that has none.
            example.withLock { example in
                guard detail != nil || example?.detail == nil else { return }
                example = Example(reason: reason, client: address, detail: detail)
            }
        }
        counts.withLock { counts in
            counts.unwritten[reason, default: 0] += 1
            counts.untold[reason, default: 0] += 1
        }
    }

    /// Writes them down until the task is cancelled.
    func writeContinually() async throws {
        while true {
            for _ in 0..<Self.intervalsPerLine {
                try await clock.sleep(until: clock.now() + Self.interval)
                await write()
            }
            tell()
        }
    }

    /// Writes down what is left.
    func finish() async {
        await write()
        tell()
    }

    private func write() async {
        let taken = counts.withLock { counts in
            defer { counts.unwritten = [:] }
            return counts.unwritten
        }
        guard !taken.isEmpty else { return }
        do {
            try await store.write { transaction in
                for (reason, count) in taken { try transaction.raiseCounter(reason.rawValue, by: count) }
            }
        } catch {
            // They are counted again with the next ones.
            counts.withLock { $0.unwritten.merge(taken, uniquingKeysWith: +) }
        }
    }

    private func tell() {
        let taken = counts.withLock { counts in
            defer { counts.untold = [:] }
            return counts.untold
        }
        guard !taken.isEmpty else { return }
        var metadata = Logger.Metadata(
            uniqueKeysWithValues: taken.map { ($0.key.rawValue, .stringConvertible($0.value)) })
        let example = example.withLock { example in
            defer { example = nil }
            return example
        }
        if let example {
            metadata["example"] = "\(example.reason.rawValue) from \(example.client)"
            metadata["detail"] = example.detail.map { "\($0)" }
        }
        logger.warning("Callbacks were refused", metadata: metadata)
    }
}
