/// Asks the carrier how far requests have come of which nothing was heard in time.
///
/// What it says is no evidence (`thingspace.md`, section 4.3): "queued" prolongs the wait, so that a lookup does not take for
/// "not carried out" what is still to be carried out; anything else leaves the decision to the device lists.
struct RequestStatusCheck: Sendable {
    let store: any StateStore
    let carrier: any Carrier
    let pacer: RequestPacer
    let clock: any WallClock
    let policy: ConvergencePolicy
    let run: RunNumber
    let stop: StopSwitch

    /// Requests that are asked about together, at most: one call each.
    private static let mostRequests = 20
    /// So long after its beginning an operation is overdue even if the carrier says that it is queued.
    private static let longestQueueing = Duration.seconds(24 * 3600)

    /// - Returns: whether the carrier offers the status of requests to the account.
    /// - Throws: `StateStoreError`, `CancellationError`
    func check(_ overdue: [Operation], of account: AccountName) async throws -> Bool {
        let named = overdue.compactMap { operation -> (RequestID, RequestNumber)? in
            guard case .submitted(let id, _) = operation.phase else { return nil }
            return (id, operation.request)
        }
        let requests = Dictionary(named) { first, _ in first }.sorted { $0.value < $1.value }
        for (id, number) in requests.prefix(Self.mostRequests) where !stop.isStopped {
            let status: RequestStatus
            do {
                status = try await pacer.patiently(
                    account,
                    RequestPacer.Patience(repeatsFor: .busy, longestWait: RequestPacer.patience, stop: stop)
                ) {
                    try await carrier.requestStatus(of: id, account: account)
                }
            } catch is CarrierError {
                continue
            } catch is AccountBusy {
                return true
            } catch is RunStopped {
                return true
            }
            switch status {
            case .notOffered: return false
            case .queued: try await prolong(number)
            case .failed: try await note(number, "the carrier says of its request that it has failed")
            case .processed: try await note(number, "the carrier says of its request that it was carried out")
            case .unclear(let text): try await note(number, "the carrier says of its request: \(text)")
            }
        }
        return true
    }

    private func prolong(_ request: RequestNumber) async throws {
        let now = clock.now()
        let policy = policy
        try await store.write { [run] transaction in
            var changed: [Operation] = []
            for var operation in try transaction.operations(under: request)
            where operation.deadline.map({ $0 <= now }) ?? false && now < operation.intendedAt + Self.longestQueueing {
                let until = now + policy.callbackDeadline
                guard operation.received(.stillQueued(until: until), at: now, policy: policy).changed else { continue }
                changed.append(operation)
            }
            try transaction.update(changed)
            try transaction.append(
                changed.map { operation in
                    StateEvent(
                        at: now, device: operation.key, kind: .observed, operation: operation.id, request: request,
                        run: run, detail: "the carrier says that its request is queued; the wait is prolonged")
                })
        }
    }

    private func note(_ request: RequestNumber, _ detail: String) async throws {
        let now = clock.now()
        try await store.write { [run] transaction in
            let overdue = try transaction.operations(under: request).filter { operation in
                operation.deadline.map { $0 <= now } ?? false
            }
            try transaction.append(
                overdue.map { operation in
                    StateEvent(
                        at: now, device: operation.key, kind: .observed, operation: operation.id, request: request,
                        run: run, detail: detail)
                })
        }
    }
}
