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

    // MARK: Calls that may be repeated

    /// How a call is made that may be repeated.
    struct Patience: Sendable {
        /// What is taken for a reason to make a call once more.
        enum Reason: Sendable {
            /// Only the carrier's word that it is busy, which proves that nothing was done.
            case busy
            /// Whatever may have passed a moment later: the call reads, and reading twice does no harm.
            case whatMayPass
        }

        var repeatsFor: Reason
        /// A turn that comes later than so is not waited for; `nil` for one that is worth any wait.
        var longestWait: Duration?
        /// Ends the waiting.
        var stop: StopSwitch?
        /// A turn that comes after it is not waited for.
        var deadline: Timestamp?
        /// Receives when a turn comes that takes longer than `RequestPacer.patience`.
        var onWait: (@Sendable (Timestamp) -> Void)?

        /// However long it takes, while the carrier is busy.
        static let untilServed = Patience(repeatsFor: .busy, longestWait: nil, stop: nil)
    }

    /// So many times a call is made.
    private static let tries = 5

    /// Makes a call in its turn, and again in a later one for the reasons that `patience` names.
    ///
    /// - Throws: what the call throws in the end, `AccountBusy`, `RunStopped`, `StateStoreError`, `CancellationError`
    func patiently<Answer: Sendable>(
        _ account: AccountName, _ patience: Patience = .untilServed, _ call: () async throws -> Answer
    ) async throws -> Answer {
        var number = 0
        while true {
            number += 1
            let sentAt = try await waitForTurn(account, patience)
            do {
                let answer = try await call()
                try await store.write { try wasServed(account, sentAt: sentAt, in: $0) }
                return answer
            } catch CarrierError.refused(let refusal) where refusal.busy != nil {
                let until = try await wasBusy(account, sentAt: sentAt, retryAfter: refusal.busy?.retryAfter)
                guard number >= Self.tries else { continue }
                if patience.longestWait != nil || patience.deadline != nil { throw AccountBusy(until: until) }
                throw CarrierError.refused(refusal)
            } catch let error as CarrierError {
                if case .refused = error { try await store.write { try wasServed(account, sentAt: sentAt, in: $0) } }
                guard number < Self.tries, patience.repeatsFor == .whatMayPass, error.mayPass else { throw error }
                try await patience.stop.wait(until: clock.now() + .milliseconds(500 * number), on: clock)
            }
        }
    }

    /// - Returns: when the turn was taken.
    private func waitForTurn(_ account: AccountName, _ patience: Patience) async throws -> Timestamp {
        while true {
            if patience.stop?.isStopped == true { throw RunStopped() }
            let now = clock.now()
            switch try await store.write({ try takeTurn(for: account, at: now, in: $0) }) {
            case .now: return now
            case .notBefore(let time):
                if let longest = patience.longestWait, time > now + longest { throw AccountBusy(until: time) }
                if let deadline = patience.deadline, time > deadline { throw AccountBusy(until: time) }
                if time > now + Self.patience { patience.onWait?(time) }
                try await patience.stop.wait(until: time, on: clock)
            }
        }
    }
}

/// It is not the turn of an account before a time, and nobody waits so long.
struct AccountBusy: Error, Hashable, CustomStringConvertible {
    let until: Timestamp

    var description: String { "the carrier is busy, and asks not to be called before \(until)" }
}

extension RequestPacer {
    /// The pace of a run over a fleet.
    init(_ desired: DesiredFleet, store: any StateStore, clock: any WallClock, options: ApplyOptions) {
        self.init(
            store: store, clock: clock, rates: desired.requestRates(), backOff: options.backOff, chance: options.chance)
    }
}

extension StopSwitch? {
    /// Waits until `time`, or until the switch is thrown, if there is one.
    /// - Throws: `CancellationError`
    fileprivate func wait(until time: Timestamp, on clock: any WallClock) async throws {
        guard let self else { return try await clock.sleep(until: time) }
        try await self.wait(until: time, on: clock)
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

extension CarrierError {
    /// Whether the same call may be answered a moment later, so that the error says nothing of what is asked for.
    var mayPass: Bool {
        switch self {
        case .transport(let problem): problem.kind != .signInWaits
        case .signInRefused: false
        case .refused(let refusal):
            switch refusal.classification {
            case .notSignedIn, .unexpected, .onHold, .throttled, .temporarilyUnavailable: true
            default: false
            }
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
