/// What a controller knows of the accounts of its fleet, and when it has to do with each of them: pure.
struct AccountBook: Sendable {
    /// Where the carrier sends the callbacks of an account.
    enum Registration: Hashable, Sendable {
        /// Nothing is sent before that is known.
        case unchecked
        case ours
        /// To somebody else, or nowhere: what to do about it.
        case problem(String)
    }

    private struct Entry: Sendable {
        var registration = Registration.unchecked
        /// When the registration was looked at last, whatever came of it.
        var checkedAt: Timestamp?
        /// Why it could not be looked at.
        var checkProblem: String?
        /// When its records were read whole last.
        var refreshedAt: Timestamp?
        /// When they were asked for last, whatever came of it.
        var triedAt: Timestamp?
        var refreshProblem: String?
        /// How often in a row that, or the check, has not come to its end.
        var failures = 0
        /// That a person wants it looked at again: what is under way by then does not count.
        var isCheckWanted = false
        var isRefreshWanted = false
        /// Why nothing is sent for it at the moment, since when, and until when.
        var rest: (reason: String, at: Timestamp, until: Timestamp)?
        /// How many runs in a row could not go on for it.
        var rests = 0
        /// Why some of its devices wait to be looked up.
        var lookupProblem: String?
        /// Since when outcomes of operations are overdue.
        var overdueSince: Timestamp?
        /// Since when lists that answer by callback are not answered.
        var unansweredSince: Timestamp?
        /// How often the registration was looked at since then.
        var silentChecks = 0

        /// Since when callbacks that are expected do not come.
        var silentSince: Timestamp? { [overdueSince, unansweredSince].compactMap(\.self).min() }
    }

    private let refreshInterval: Duration
    private let backOff: ServeBackOff
    /// Whether records are read at all.
    private let reads: Bool
    /// Whether nothing is done for an account before its records were read once.
    private let awaitsReading: Bool
    private var entries: [AccountName: Entry] = [:]

    init(refreshInterval: Duration, backOff: ServeBackOff, reads: Bool = true, awaitsReading: Bool = true) {
        self.reads = reads
        self.awaitsReading = awaitsReading
        self.refreshInterval = refreshInterval
        self.backOff = backOff
    }

    /// Takes note of the accounts of the fleet; what is known of one stays as long as it is among them.
    ///
    /// - Parameter refreshedAt: when an earlier process has read the records of this very fleet, if that is known.
    mutating func keep(_ accounts: [AccountName], refreshedAt: Timestamp? = nil) {
        entries = Dictionary(
            accounts.map { name in
                var entry = entries[name] ?? Entry()
                entry.refreshedAt = entry.refreshedAt ?? refreshedAt
                return (name, entry)
            }
        ) { first, _ in first }
    }

    // MARK: What is due

    /// Accounts whose registration is looked at from now on.
    mutating func takeDueChecks(at now: Timestamp) -> [AccountName] {
        let accounts = due { checkTime($0) <= now }
        for account in accounts { change(account) { $0.isCheckWanted = false } }
        return accounts
    }

    /// Accounts whose records are read from now on: only those whose callbacks come to us.
    mutating func takeDueRefreshes(at now: Timestamp) -> [AccountName] {
        let accounts = due { isToBeRead($0) && refreshTime($0) <= now }
        for account in accounts { change(account) { $0.isRefreshWanted = false } }
        return accounts
    }

    /// When something is due next; `nil` if there are no accounts.
    var nextDue: Timestamp? {
        entries.values.flatMap { [checkTime($0)] + (isToBeRead($0) ? [refreshTime($0)] : []) }.min()
    }

    /// When records are read next.
    var nextRefresh: Timestamp? { entries.values.filter(isToBeRead).map(refreshTime).min() }

    private func isToBeRead(_ entry: Entry) -> Bool { reads && entry.registration == .ours }

    /// Whether nobody has read the records yet, and somebody is about to: that tells of all devices at once what would
    /// have to be looked up for each otherwise.
    private func isBeforeFirstReading(_ entry: Entry) -> Bool {
        awaitsReading && isToBeRead(entry) && entry.refreshedAt == nil && entry.triedAt == nil
    }

    /// Has everything looked at again.
    mutating func makeDue() {
        for name in entries.keys {
            change(name) { entry in
                entry.isCheckWanted = true
                entry.isRefreshWanted = true
                entry.failures = 0
                entry.rest = nil
                entry.rests = 0
            }
        }
    }

    private func due(_ isDue: (Entry) -> Bool) -> [AccountName] {
        entries.filter { isDue($0.value) }.keys.sorted()
    }

    private func checkTime(_ entry: Entry) -> Timestamp {
        guard let checkedAt = entry.checkedAt, !entry.isCheckWanted else { return .distantPast }
        // Callbacks that do not come may go elsewhere by now.
        if let silentSince = entry.silentSince, entry.registration == .ours, entry.checkProblem == nil {
            return entry.silentChecks == 0
                ? silentSince : min(checkedAt + backOff.wait(after: entry.silentChecks), checkedAt + refreshInterval)
        }
        let isWell = entry.registration == .ours && entry.checkProblem == nil
        return checkedAt + (isWell ? refreshInterval : backOff.wait(after: entry.failures))
    }

    private func refreshTime(_ entry: Entry) -> Timestamp {
        if entry.isRefreshWanted { return .distantPast }
        guard let triedAt = entry.triedAt else { return entry.refreshedAt.map { $0 + refreshInterval } ?? .distantPast }
        guard entry.refreshProblem != nil else { return triedAt + refreshInterval }
        return triedAt + min(refreshInterval, backOff.wait(after: entry.failures))
    }

    // MARK: What was learnt

    mutating func checked(_ account: AccountName, _ registration: Registration, at now: Timestamp) {
        change(account) { entry in
            entry.checkedAt = now
            entry.checkProblem = nil
            entry.registration = registration
            if entry.silentSince != nil { entry.silentChecks += 1 }
            entry.failures = registration == .ours ? 0 : entry.failures + 1
        }
    }

    /// The carrier did not say; what was known stays.
    mutating func couldNotCheck(_ account: AccountName, _ reason: String, at now: Timestamp) {
        change(account) { entry in
            entry.checkedAt = now
            entry.checkProblem = reason
            entry.failures += 1
        }
    }

    /// - Parameters:
    ///   - problem: why the records were not read whole.
    ///   - isUnanswered: whether answers that come by callback have not come.
    mutating func refreshed(_ account: AccountName, problem: String?, isUnanswered: Bool = false, at now: Timestamp) {
        change(account) { entry in
            entry.unansweredSince = isUnanswered ? entry.unansweredSince ?? now : nil
            if entry.silentSince == nil { entry.silentChecks = 0 }
            entry.triedAt = now
            entry.refreshProblem = problem
            entry.failures = problem == nil ? 0 : entry.failures + 1
            if problem == nil { entry.refreshedAt = now }
        }
    }

    /// A run could not go on for it.
    mutating func rests(_ account: AccountName, _ reason: String, at now: Timestamp) {
        let backOff = backOff
        change(account) { entry in
            // What was long ago has nothing to do with it.
            if let last = entry.rest, now > last.until + backOff.longest { entry.rests = 0 }
            entry.rests += 1
            entry.rest = (reason, now, now + backOff.wait(after: entry.rests))
            // It may be that its callbacks go elsewhere.
            if let checkedAt = entry.checkedAt, now >= checkedAt + backOff.first { entry.isCheckWanted = true }
        }
    }

    /// Some devices of these accounts wait to be looked up; nobody else waits with them.
    mutating func note(unanswered reasons: [AccountName: String]) {
        for name in entries.keys { change(name) { $0.lookupProblem = reasons[name] } }
    }

    // MARK: Silence

    /// Whether callbacks of an account are expected that do not come.
    func isSilent(_ account: AccountName, at now: Timestamp) -> Bool {
        entries[account]?.silentSince.map { $0 <= now } ?? false
    }

    /// Whether other accounts than before have outcomes that are overdue.
    func isNews(overdue: Set<AccountName>) -> Bool {
        entries.contains { ($0.value.overdueSince != nil) != overdue.contains($0.key) }
    }

    /// Takes note of the accounts with operations whose outcomes are overdue, which are all of them.
    mutating func note(overdue: Set<AccountName>, at now: Timestamp) {
        for name in entries.keys {
            change(name) { entry in
                entry.overdueSince = overdue.contains(name) ? entry.overdueSince ?? now : nil
                if entry.silentSince == nil { entry.silentChecks = 0 }
            }
        }
    }

    /// What is to be said of an account whose registration was looked at, and whose callbacks do not come all the same.
    private func silence(of name: AccountName, _ entry: Entry) -> String? {
        guard let since = entry.silentSince, entry.silentChecks > 0, entry.registration == .ours else { return nil }
        return "Callbacks of account \(name) are overdue since \(since), although the carrier has our address. Look "
            + "whether it can reach that address; what is overdue is looked up."
    }

    private mutating func change(_ account: AccountName, _ change: (inout Entry) -> Void) {
        guard var entry = entries[account] else { return }
        change(&entry)
        entries[account] = entry
    }

    // MARK: What follows

    /// Accounts for which nothing may be sent, with the reason.
    func stopped(at now: Timestamp) -> [AccountName: String] {
        entries.reduce(into: [:]) { stopped, pair in
            let (name, entry) = pair
            switch entry.registration {
            case .unchecked:
                stopped[name] =
                    entry.checkProblem.map { "Where the carrier sends its callbacks is not known: \($0)" }
                    ?? "Where the carrier sends its callbacks is being looked up."
            case .problem(let text): stopped[name] = text
            case .ours where isBeforeFirstReading(entry):
                stopped[name] = "Its records are being read for the first time."
            case .ours:
                if let rest = entry.rest, rest.until > now { stopped[name] = rest.reason }
            }
        }
    }

    /// When an account that rests may be called again.
    func nextWaking(after now: Timestamp) -> Timestamp? {
        entries.values.compactMap { $0.rest?.until }.filter { $0 > now }.min()
    }

    func statuses(at now: Timestamp) -> [ControllerStatus.AccountStatus] {
        let stopped = stopped(at: now)
        return entries.sorted { $0.key < $1.key }.map { name, entry in
            var status = ControllerStatus.AccountStatus(name: name)
            status.isSettled = entry.checkedAt != nil && !isBeforeFirstReading(entry)
            status.refreshedAt = entry.refreshedAt
            status.refreshProblem = entry.refreshProblem
            status.learntAt = entry.rest.map { max($0.at, entry.checkedAt ?? $0.at) } ?? entry.checkedAt
            status.triedAt = entry.triedAt
            status.lookupProblem = entry.lookupProblem
            status.silence = silence(of: name, entry)
            // Before the first reading of the records, or the first look at the registration since, either may be so.
            status.isSilenceKnown =
                status.silence != nil
                || entry.silentSince == nil && (entry.triedAt != nil || entry.refreshedAt != nil || !reads)
            if case .problem(let text) = entry.registration {
                status.registrationProblem = text
            } else {
                status.stopped = stopped[name]
            }
            return status
        }
    }
}
