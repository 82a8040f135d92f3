/// Lets requests leave as the rate of their account allows, in one line with all processes on the store.
struct RequestPacer: Sendable {
    let store: any StateStore
    let clock: any WallClock
    /// Requests a second of each account.
    let rates: [AccountName: Double]
    let backOff: BackOff
    let chance: any Chance

    /// For a turn that comes within so long a call waits; otherwise others are dealt with first.
    static let patience = Duration.seconds(5)

    init(
        store: any StateStore, clock: any WallClock, rates: [AccountName: Double], backOff: BackOff = BackOff(),
        chance: any Chance = SystemChance()
    ) {
        self.store = store
        self.clock = clock
        self.rates = rates
        self.backOff = backOff
        self.chance = chance
    }

    /// Takes the next place in the line of an account if its time has come; part of the transaction that writes the
    /// request down, so that it costs no sync of its own.
    func takeTurn(
        for account: AccountName, at now: Timestamp, in transaction: any StateTransaction
    ) throws -> AccountPace.Turn {
        var pace = try transaction.pace(of: account)
        let rate = rates[account] ?? RolloutPolicy().requestsPerSecond
        let turn = pace.takeTurn(at: now, requestsPerSecond: rate)
        if turn == .now { try transaction.save(pace) }
        return turn
    }

    /// Writes down that the carrier was too busy for a request, for all processes.
    ///
    /// - Parameter sentAt: when the request took its turn.
    /// - Returns: when the account may be called again.
    /// - Throws: `StateStoreError`
    func wasBusy(_ account: AccountName, sentAt: Timestamp, retryAfter: Duration?) async throws -> Timestamp {
        let (now, share) = (clock.now(), chance.share())
        return try await store.write { transaction in
            var pace = try transaction.pace(of: account)
            pace.wasBusy(sentAt: sentAt, at: now, retryAfter: retryAfter, backOff: backOff, share: share)
            try transaction.save(pace)
            return pace.busyUntil
        }
    }

    /// Notes, in the transaction that writes an answer down, that the carrier is not busy any more.
    func wasServed(_ account: AccountName, sentAt: Timestamp, in transaction: any StateTransaction) throws {
        var pace = try transaction.pace(of: account)
        guard pace.isOver(answerTo: sentAt) else { return }
        pace.isServedAgain()
        try transaction.save(pace)
    }

    /// So many times a carrier is asked that is busy each time.
    private static let tries = 5

    /// Makes a call that may be repeated: in its turn, and again while the carrier says that it is busy.
    ///
    /// - Throws: what the call throws in the end, `StateStoreError`, `CancellationError`
    func patiently<Answer: Sendable>(
        _ account: AccountName, _ call: () async throws -> Answer
    ) async throws -> Answer {
        var triesLeft = Self.tries
        while true {
            triesLeft -= 1
            let sentAt = try await waitForTurn(account)
            do {
                let answer = try await call()
                try await store.write { try wasServed(account, sentAt: sentAt, in: $0) }
                return answer
            } catch CarrierError.refused(let refusal) {
                guard let busy = refusal.busy, triesLeft > 0 else { throw CarrierError.refused(refusal) }
                _ = try await wasBusy(account, sentAt: sentAt, retryAfter: busy.retryAfter)
            }
        }
    }

    /// - Returns: when the turn was taken.
    private func waitForTurn(_ account: AccountName) async throws -> Timestamp {
        while true {
            let now = clock.now()
            switch try await store.write({ try takeTurn(for: account, at: now, in: $0) }) {
            case .now: return now
            case .notBefore(let time): try await clock.sleep(until: time)
            }
        }
    }
}

extension RequestRecord.Outcome {
    /// Whether it is an answer that a carrier gives that is not too busy.
    var showsThatCarrierServes: Bool {
        switch self {
        case .accepted, .answered, .refused: true
        case .pending, .notSent, .unknown: false
        }
    }
}

extension CarrierRefusal {
    /// That the carrier took nothing because it is busy, and how long it asks to wait, if it says so.
    struct Busy: Hashable, Sendable {
        let retryAfter: Duration?
    }

    var busy: Busy? {
        switch classification {
        case .throttled(let retryAfter), .temporarilyUnavailable(let retryAfter): Busy(retryAfter: retryAfter)
        default: nil
        }
    }
}

extension DesiredFleet {
    /// Requests a second of each account: the least that a profile set with devices of the account allows.
    func requestRates() -> [AccountName: Double] {
        var rates = Array(repeating: Double.infinity, count: accounts.count)
        var last: (account: UInt16, set: UInt16)?
        for device in devices where last?.account != device.account || last?.set != device.set {
            last = (device.account, device.set)
            let account = Int(device.account)
            rates[account] = min(rates[account], sets[Int(device.set)].rollout.requestsPerSecond)
        }
        return Dictionary(zip(accounts, rates).filter { $0.1.isFinite }) { min($0, $1) }
    }
}
