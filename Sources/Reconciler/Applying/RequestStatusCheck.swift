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

    /// Asks, unless the carrier has said not long ago that it does not offer the status of requests to the account.
    ///
    /// - Throws: `StateStoreError`, `CancellationError`
    func check(_ overdue: [Operation], of account: AccountName) async throws {
        let now = clock.now()
        guard !overdue.isEmpty,
            try await store.read({ try $0.limits(of: account).mayOfferRequestStatus(at: now) })
        else { return }
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
                return
            } catch is RunStopped {
                return
            }
            switch status {
            case .notOffered: return try await noteNotOffered(to: account)
            case .queued: try await prolong(number)
            case .failed:
                try await note(number, "the carrier says of its request that it has failed", raises: .requestFailed)
            case .processed: try await note(number, "the carrier says of its request that it was carried out")
            case .unclear(let text): try await note(number, "the carrier says of its request: \(text)")
            }
        }
    }

    private func noteNotOffered(to account: AccountName) async throws {
        let now = clock.now()
        try await store.write { transaction in
            var limits = try transaction.limits(of: account)
            limits.offersNoRequestStatus(at: now)
            try transaction.save(limits)
        }
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

    /// - Parameter hint: what it raises, so that what records say of the time before proves nothing.
    private func note(_ request: RequestNumber, _ detail: String, raises hint: Hint.Kind? = nil) async throws {
        let now = clock.now()
        try await store.write { [run] transaction in
            let overdue = try transaction.operations(under: request).filter { operation in
                operation.deadline.map { $0 <= now } ?? false
            }
            if let hint {
                let records = try transaction.devices(overdue.map(\.key)).values.sorted { $0.key < $1.key }
                try transaction.save(
                    records.map { record in
                        var doubted = record
                        doubted.doubt(Hint(hint, at: now, detail: detail))
                        return doubted
                    })
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
