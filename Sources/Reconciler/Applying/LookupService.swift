import Synchronization

/// Looks devices up while a run goes on: each account for itself, so that one that does not answer holds up no other, and
/// devices that were answered go ahead.
final class LookupService: Sendable {
    /// Devices of one account that are to be looked up together.
    struct Job: Sendable {
        let account: AccountName
        let targets: LookupTargets
        /// Operations of which nothing was heard in time.
        let overdue: [Operation]
    }

    /// What came of a job.
    struct Outcome: Sendable {
        let account: AccountName
        let keys: [DeviceKey]
        /// The operations of which nothing was heard in time.
        let overdue: [OperationID]
        let result: LookupResult
    }

    private struct State {
        var accounts: Set<AccountName> = []
        var outcomes: [Outcome] = []
    }

    private let state = Mutex(State())
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    /// Notified when a job has ended.
    private let wakeup: Wakeup

    init(wakeup: Wakeup) {
        self.wakeup = wakeup
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Whether a job is under way, or has ended and its outcome was not taken yet.
    var isUnderWay: Bool { state.withLock { !$0.accounts.isEmpty } }

    /// The same for one account.
    func isUnderWay(_ account: AccountName) -> Bool { state.withLock { $0.accounts.contains(account) } }

    /// Has devices looked up, unless a job for their account is under way.
    /// - Returns: whether it was begun.
    func begin(_ job: Job) -> Bool {
        guard state.withLock({ $0.accounts.insert(job.account).inserted }) else { return false }
        queue.yield(job)
        return true
    }

    /// What has ended since this was asked last. To be asked before the state is looked at, which shows what it has led
    /// to.
    func takeOutcomes() -> [Outcome] {
        state.withLock { state in
            defer { state.outcomes = [] }
            for outcome in state.outcomes { state.accounts.remove(outcome.account) }
            return state.outcomes
        }
    }

    /// Carries jobs out, those of different accounts at the same time, until the task is cancelled or `finish` is called.
    ///
    /// - Throws: what `look` throws
    func run(_ look: @escaping @Sendable (Job) async throws -> LookupResult) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { [self] in
                    let result = try await look(job)
                    let outcome = Outcome(
                        account: job.account, keys: job.targets.keys, overdue: job.overdue.map(\.id), result: result)
                    state.withLock { $0.outcomes.append(outcome) }
                    wakeup.notify()
                }
            }
        }
    }

    /// No further job is begun.
    func finish() { queue.finish() }
}

/// When a run has looked up which device of its fleet, so that one whose records do not settle anything is not looked up
/// again and again at once.
struct LookupHistory: Sendable {
    private let startedAt: Timestamp
    /// In milliseconds since the start, by the number of the device in the fleet.
    private var times: [Int64]
    private var counts: [UInt8]
    private let first: Duration

    /// - Parameter first: the wait after the first lookup; it doubles with each further one.
    init(devices: Int, startedAt: Timestamp, first: Duration) {
        self.startedAt = startedAt
        self.first = first
        times = Array(repeating: 0, count: devices)
        counts = Array(repeating: 0, count: devices)
    }

    /// When a device may be looked up again.
    func mayLookUp(_ device: Int) -> Timestamp {
        guard counts[device] > 0 else { return .distantPast }
        let wait = min(first * (1 << min(Int(counts[device]) - 1, 12)), .seconds(300))
        return startedAt + .milliseconds(times[device]) + wait
    }

    func wasLookedUp(_ device: Int) -> Bool { counts[device] > 0 }

    mutating func note(_ device: Int, at now: Timestamp) {
        times[device] = (now - startedAt).wholeMilliseconds
        if counts[device] < .max { counts[device] += 1 }
    }
}
