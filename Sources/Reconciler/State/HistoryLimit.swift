/// How much of the past a store keeps. What is older is forgotten but for what plans, the matching of callbacks and the
/// safety of a roll-out still need (see `HistoryPart`), some rows at a time, so that others who write wait for moments.
///
/// The room of what is forgotten is used again, so that the file stops growing; it does not become smaller by itself.
struct HistoryLimit: Sendable {
    let store: any StateStore
    let clock: any WallClock
    let kept: Duration

    /// Attempts are counted for an hour, and messages may be a day on their way; a carrier that was down for a weekend
    /// catches up after it.
    static let least = Duration.seconds(7 * 86_400)

    /// Forgets what is due.
    ///
    /// - Parameters:
    ///   - end: what is not done by then is left for another time.
    ///   - rest: between two pieces of work.
    /// - Returns: how many rows were forgotten, the operations of requests not counted.
    /// - Throws: `StateStoreError`, `CancellationError`
    @discardableResult
    func enforce(until end: Timestamp? = nil, rest: Duration = .zero) async throws -> Int {
        let time = clock.now() - kept
        var count = 0
        for part in HistoryPart.allCases {
            var last: Int64 = 0
            while end.map({ clock.now() < $0 }) ?? true {
                let start = last
                let rows = try await store.read {
                    try $0.forgettable(part, before: time, after: start, limit: part.pieceSize)
                }
                guard let final = rows.last else { break }
                try await store.write { try $0.forget(rows, of: part) }
                last = final
                count += rows.count
                if rest > .zero { try await clock.sleep(until: clock.now() + rest) }
            }
        }
        return count
    }
}

extension HistoryPart {
    /// Rows in one transaction; a request has up to 200 operations.
    fileprivate var pieceSize: Int {
        switch self {
        case .requests: 20
        case .events, .callbacks, .rollouts, .runs: 500
        }
    }
}
