import Synchronization

/// What the parts of a controller share: the fleet that is in force, the accounts, and the run under way.
final class ControllerDesk: Sendable {
    /// The fleet that is in force.
    struct Declared: Sendable {
        let fleet: DesiredFleet
        let digest: ContentDigest
        /// Where it comes from git.
        let commit: String?
        /// The devices of its profile sets.
        let members: [SetMembers]

        init(fleet: DesiredFleet, digest: ContentDigest, commit: String?) {
            self.fleet = fleet
            self.digest = digest
            self.commit = commit
            members = fleet.members()
        }
    }

    /// A run under way.
    struct Run: Sendable {
        let stop: StopSwitch
        let owner: RunOwner
    }

    private struct Contents: Sendable {
        var declared: Declared?
        var accounts: AccountBook
        var run: Run?
    }

    private let contents: Mutex<Contents>
    /// Told when something has changed that may give the run's part of the controller something to do: the listener and
    /// the folder of callbacks tell it too.
    let wakeup: Wakeup
    /// Told when the accounts may have something due.
    let accountNews = Wakeup()
    let board: ControllerBoard
    /// Thrown when the controller is to end.
    let closing: StopSwitch
    /// When the controller began: evidence of before that is of an earlier process.
    let startedAt: Timestamp

    init(accounts: AccountBook, wakeup: Wakeup, board: ControllerBoard, startedAt: Timestamp) {
        self.startedAt = startedAt
        contents = Mutex(Contents(accounts: accounts))
        self.wakeup = wakeup
        self.board = board
        closing = StopSwitch(wakeup: wakeup)
    }

    // MARK: The fleet

    var declared: Declared? { contents.withLock { $0.declared } }

    /// These manifests are in force from now on: a run that is under way for another fleet ends, so that one for this
    /// fleet can begin.
    ///
    /// - Parameter refreshedAt: when an earlier process has read the records of this very fleet.
    func put(_ declared: Declared, refreshedAt: Timestamp?) {
        let run = contents.withLock { contents in
            defer { contents.declared = declared }
            contents.accounts.keep(declared.fleet.accounts, refreshedAt: refreshedAt)
            return contents.declared?.digest == declared.digest ? nil : contents.run
        }
        run?.stop.stop()
        wakeup.notify()
        accountNews.notify()
    }

    // MARK: The run

    /// Whether the controller is to end.
    var isClosing: Bool { closing.isStopped }

    /// Takes note of a run that begins.
    /// - Returns: whether it may: it is still for the fleet that is in force.
    func begin(_ run: Run, for declared: Declared) -> Bool {
        contents.withLock { contents in
            guard !isClosing, contents.declared?.digest == declared.digest else { return false }
            contents.run = run
            return true
        }
    }

    /// What tells the leases of the run under way from all others.
    var runHolder: String? { contents.withLock { $0.run?.owner.identity.description } }

    func end() {
        contents.withLock { $0.run = nil }
    }

    /// Ends everything: the run under way writes down what it has begun.
    func close() {
        closing.stop()
        contents.withLock { $0.run }?.stop.stop()
        accountNews.notify()
    }

    /// Does `work`, which ends by itself when the controller closes; what has not ended a while later is cut off.
    ///
    /// - Parameter limit: how long that is.
    /// - Throws: what `work` throws; `CancellationError`
    func whileOpen(
        andFor limit: Duration, by clock: any WallClock, _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await self.closing.whenStopped()
                try await clock.sleep(until: clock.now() + limit)
            }
            defer { group.cancelAll() }
            try await group.next()
            group.cancelAll()
            do {
                try await group.waitForAll()
            } catch is CancellationError where isClosing {}
        }
    }

    // MARK: Accounts

    func accounts<Result: Sendable>(_ work: (inout sending AccountBook) -> Result) -> Result {
        contents.withLock { work(&$0.accounts) }
    }

    /// Changes what is known of accounts, and shows it.
    func changeAccounts(at now: Timestamp, _ change: (inout AccountBook) -> Void) {
        let (statuses, next, isDueSooner) = contents.withLock { contents in
            let due = contents.accounts.nextDue
            change(&contents.accounts)
            let isDueSooner = contents.accounts.nextDue.map { $0 < due ?? $0 } ?? false
            return (
                contents.accounts.statuses(at: now), contents.accounts.nextRefresh.map { max($0, now) }, isDueSooner
            )
        }
        board.update { status in
            status.accounts = statuses
            status.nextRefreshAt = next
        }
        if isDueSooner { accountNews.notify() }
        wakeup.notify()
    }
}
