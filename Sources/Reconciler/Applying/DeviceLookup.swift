/// Reads the carrier's records of certain devices, through the asynchronous v2 device list.
///
/// The answers come by callback and take effect through `CallbackFolder`; this only asks, and waits until the
/// answers have been read. Source: `thingspace.md`, section 4.2.
struct DeviceLookup: Sendable {
    let store: any StateStore
    let carrier: any Carrier
    let pacer: RequestPacer
    let clock: any WallClock
    let wakeup: Wakeup
    let stop: StopSwitch
    let timeout: Duration
    let pollInterval: Duration
    /// The run that looks up.
    let run: RunNumber?

    /// At most so many devices can be named in one request.
    static let chunkSize = 50

    /// The filter values that are asked for one by one where the rows themselves do not tell the status.
    static let profileStatusFilters = [
        "DOWNLOAD_ENABLE", "ENABLE", "DOWNLOAD_DISABLE", "DISABLE", "NOT_DOWNLOADED", "DELETE",
    ]

    /// What a lookup came to.
    enum Outcome: Sendable, Equatable {
        /// All that was asked was answered.
        case answered
        /// Some answers did not come in time.
        case unanswered(String)
        /// The carrier does not offer it to this account.
        case unavailable(String)
        /// The carrier refused the sign-in.
        case signInRefused(String)
        /// The carrier is busy until then; some of it may have been asked.
        case notYet(until: Timestamp)
    }

    /// Looks devices up that all belong to one account.
    ///
    /// First without a filter; those whose status the answer does not tell are then asked for by each filter value.
    /// - Throws: `StateStoreError`, `CancellationError`
    func look(up keys: [DeviceKey], of account: AccountName) async throws -> Outcome {
        let startedAt = clock.now()
        let outcome = try await ask(for: keys, of: account, filters: [nil])
        guard outcome == .answered else { return outcome }
        let untold = try await store.read { reader in
            try reader.devices(keys).values.filter { ($0.observation?.at ?? .distantPast) < startedAt }.map(\.key)
        }
        guard !untold.isEmpty else { return .answered }
        return try await ask(for: untold.sorted(), of: account, filters: Self.profileStatusFilters.map { $0 })
    }

    private func ask(for keys: [DeviceKey], of account: AccountName, filters: [String?]) async throws -> Outcome {
        var numbers: [RequestNumber] = []
        for start in stride(from: 0, to: keys.count, by: Self.chunkSize) {
            let chunk = Array(keys[start..<min(start + Self.chunkSize, keys.count)])
            for filter in filters {
                switch try await ask(for: chunk, of: account, filter: filter) {
                case .success(let number): numbers.append(number)
                case .failure(let refused): return refused.outcome
                }
            }
        }
        return try await waitForAnswers(to: numbers)
    }

    private struct Refused: Error {
        let outcome: Outcome
    }

    private func ask(
        for keys: [DeviceKey], of account: AccountName, filter: String?
    ) async throws -> Result<RequestNumber, Refused> {
        var triesLeft = 4
        while true {
            let (request, sentAt): (RequestRecord, Timestamp)
            switch try await addRequest(for: keys, of: account, filter: filter) {
            case .success(let added): (request, sentAt) = added
            case .failure(let refused): return .failure(refused)
            }
            let answer = await carrier.requestDeviceList(account: account, profileStatusFilter: filter, devices: keys)
            var answered = request
            var wait: Duration?
            var refused: Outcome?
            var busyUntil: Timestamp?
            switch answer {
            case .accepted(let id):
                answered.outcome = .accepted(id)
            case .refused(let refusal):
                answered.outcome = .refused(refusal.description)
                switch refusal.classification {
                case .throttled(let retryAfter), .temporarilyUnavailable(let retryAfter):
                    answered.outcome = .notSent(refusal.description)
                    busyUntil = try await pacer.wasBusy(account, sentAt: sentAt, retryAfter: retryAfter)
                case .notSignedIn, .unexpected:
                    // That says nothing of whether the account may read device lists.
                    wait = .seconds(1)
                default:
                    refused = .unavailable(refusal.description)
                }
            case .notSent(let problem):
                answered.outcome = .notSent(problem.description)
                wait = .seconds(1)
            case .outcomeUnknown(let problem):
                // Reading twice does no harm.
                answered.outcome = .unknown(problem.description)
                wait = .seconds(1)
            case .signInRefused(let problem):
                answered.outcome = .notSent(problem.description)
                refused = .signInRefused(problem.description)
            }
            let outcome = answered
            try await store.write { transaction in
                try transaction.update(outcome)
                if outcome.outcome.showsThatCarrierServes {
                    try pacer.wasServed(account, sentAt: sentAt, in: transaction)
                }
            }
            // An answer that was faster than the name of its request is waiting to be read.
            wakeup.notify()
            triesLeft -= 1
            if let refused { return .failure(Refused(outcome: refused)) }
            if let busyUntil, triesLeft == 0 { return .failure(Refused(outcome: .notYet(until: busyUntil))) }
            guard let next = wait.map({ clock.now() + $0 }) ?? busyUntil else { return .success(request.number) }
            guard triesLeft > 0 else {
                return .failure(
                    Refused(outcome: .unanswered("the carrier did not take the request for a device list")))
            }
            if wait != nil { try await waiter.wait(until: next, unless: stop) }
        }
    }

    /// Writes a request down once it is its turn.
    private func addRequest(
        for keys: [DeviceKey], of account: AccountName, filter: String?
    ) async throws -> Result<(RequestRecord, sentAt: Timestamp), Refused> {
        while !stop.isStopped {
            let now = clock.now()
            let (turn, request) = try await store.write { transaction -> (AccountPace.Turn, RequestRecord?) in
                let turn = try pacer.takeTurn(for: account, at: now, in: transaction)
                guard turn == .now else { return (turn, nil) }
                return (
                    turn,
                    try transaction.addRequest(
                        .deviceList(profileStatusFilter: filter), account: account, deviceCount: keys.count, at: now,
                        by: run)
                )
            }
            if let request { return .success((request, now)) }
            guard case .notBefore(let time) = turn else { continue }
            guard time <= now + RequestPacer.patience else {
                return .failure(Refused(outcome: .notYet(until: time)))
            }
            try await waiter.wait(until: time, unless: stop)
        }
        return .failure(Refused(outcome: .unanswered("the run was stopped")))
    }

    private var waiter: StateWaiter { StateWaiter(clock: clock, wakeup: wakeup, pollInterval: pollInterval) }

    private func waitForAnswers(to numbers: [RequestNumber]) async throws -> Outcome {
        let deadline = clock.now() + timeout
        return try await waiter.wait(until: deadline) {
            if stop.isStopped { return .unanswered("the run was stopped") }
            let unanswered = try await store.read { try $0.unansweredDeviceLists(numbers) }
            return unanswered == 0 ? .answered : nil
        } ?? .unanswered("the answer to the device list did not come in time")
    }
}

extension Timestamp {
    static let distantPast = Timestamp(milliseconds: 0)
}
