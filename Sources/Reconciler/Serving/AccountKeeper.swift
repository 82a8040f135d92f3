import Logging

/// Looks after the accounts of a controller's fleet: whether the carrier sends their callbacks here, and what its records
/// say. Both are done at the start, periodically, and for accounts that are new.
struct AccountKeeper: Sendable {
    let desk: ControllerDesk
    let settings: Settings
    let options: ControllerOptions
    /// What the carrier is told to call.
    let url: String
    let callbackCredentials: CallbackCredentials
    let store: any StateStore
    /// Tells other processes what is done.
    let lock: RunLock
    let carrier: any Carrier
    let clock: any WallClock
    let logger: Logger

    /// Goes on until the controller closes. A call to a carrier that does not answer then is cut off after half of the
    /// time that the end may take: it only reads, or registers, and a later start does that again.
    /// - Throws: `CancellationError`
    func run() async throws {
        try await desk.whileOpen(andFor: settings.drainTimeout / 2, by: clock) { try await look() }
    }

    private func look() async throws {
        while !desk.isClosing {
            let seen = desk.accountNews.count
            if let declared = desk.declared {
                try await checkRegistrations(declared)
                try await refresh(declared)
            }
            let next = desk.accounts { $0.nextDue }
            let waiter = StateWaiter(clock: clock, wakeup: desk.accountNews, pollInterval: options.idleInterval)
            let latest = clock.now() + options.refreshInterval
            try await waiter.change(after: seen, until: min(next ?? latest, latest))
        }
    }

    private func pacer(_ declared: ControllerDesk.Declared) -> RequestPacer {
        RequestPacer(store: store, clock: clock, rates: declared.fleet.requestRates())
    }

    // MARK: Registrations

    private func checkRegistrations(_ declared: ControllerDesk.Declared) async throws {
        let registrar = CallbackRegistrar(
            registry: CallbackRegistry(
                carrier: carrier, pacer: pacer(declared), stop: desk.closing,
                onWait: { logger.warning("\(CarrierWait.sentence($0, until: $1))") }),
            mode: settings.register, credentials: callbackCredentials, logger: logger)
        for account in desk.accounts({ $0.takeDueChecks(at: clock.now()) }) where !desk.isClosing {
            do {
                try await registrar.check([account], url: url)
                desk.changeAccounts(at: clock.now()) { $0.checked(account, .ours, at: clock.now()) }
            } catch let problem as RegistrationProblem {
                desk.changeAccounts(at: clock.now()) {
                    $0.checked(account, .problem(problem.description), at: clock.now())
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                // A call that was cut off says nothing of the account.
                guard !desk.isClosing else { return }
                desk.changeAccounts(at: clock.now()) {
                    $0.couldNotCheck(account, "\(error)".capitalizedSentence, at: clock.now())
                }
            }
        }
    }

    // MARK: Records

    private func refresh(_ declared: ControllerDesk.Declared) async throws {
        let accounts = desk.accounts { $0.takeDueRefreshes(at: clock.now()) }
        guard !accounts.isEmpty, !desk.isClosing else { return }
        let problems: [AccountName: ReadingProblem]
        do {
            problems = try await read(accounts, declared)
        } catch let error as CancellationError {
            throw error
        } catch {
            let problem = ReadingProblem(text: "\(error)".capitalizedSentence, isUnanswered: false)
            problems = Dictionary(accounts.map { ($0, problem) }) { first, _ in first }
        }
        guard !desk.isClosing else { return }
        desk.changeAccounts(at: clock.now()) { book in
            for account in accounts {
                book.refreshed(
                    account, problem: problems[account]?.text, isUnanswered: problems[account]?.isUnanswered ?? false,
                    at: clock.now())
            }
        }
    }

    /// Why records were not read whole.
    private struct ReadingProblem {
        let text: String
        /// Whether an answer that comes by callback has not come.
        let isUnanswered: Bool
    }

    private func read(
        _ accounts: [AccountName], _ declared: ControllerDesk.Declared
    ) async throws -> [AccountName: ReadingProblem] {
        let report = try await RefreshRun(
            scope: RefreshScope(declared.fleet, only: accounts), store: store, carrier: carrier,
            pacer: pacer(declared), clock: clock, wakeup: desk.wakeup,
            options: RefreshOptions(
                policy: settings.policy, lists: settings.lists, timeout: options.listTimeout,
                pollInterval: options.pollInterval),
            stop: desk.closing, command: Self.command,
            whileWriting: { write in
                defer { desk.wakeup.notify() }
                try await lock.whileRecording(write)
            }
        ).run { _ in }.report
        for account in report.accounts {
            logger.info(
                "The carrier's records were read",
                metadata: [
                    "account": "\(account.name)", "devices": "\(account.devices)", "changed": "\(account.changed)",
                    "gone": "\(account.gone)", "held": "\(account.held)",
                ])
        }
        return report.accounts.reduce(into: [:]) { problems, account in
            guard !account.problems.isEmpty else { return }
            problems[account.name] = ReadingProblem(
                text: account.problems.joined(separator: " "), isUnanswered: account.v2.isLate)
        }
    }

    /// How its refreshes are called in timelines.
    static let command = "serve (refresh)"

    /// When an earlier process has read the records of this very fleet whole, so that a controller that is started again
    /// and again does not read them each time; `nil` if nobody has, or if half of a later reading may be written down.
    static func latestRefresh(of digest: ContentDigest, in store: any StateStore) async -> Timestamp? {
        let runs = (try? await store.read { try $0.latestRuns(limit: 100) }) ?? []
        for run in runs where run.cause.command == command && run.cause.fleet == digest {
            switch run.ending {
            case RefreshReport.wholeEnding: return run.endedAt
            case RefreshReport.partialEnding, RefreshReport.stoppedEnding: continue
            // It was cut off, or the process died, perhaps while it wrote.
            default: return nil
            }
        }
        return nil
    }
}
