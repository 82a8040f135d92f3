import Testing

@testable import Reconciler

@Suite("What a controller knows of accounts")
struct AccountBookTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)
    private let account = Fleets.account
    private let hour = Duration.seconds(3600)

    private func book() -> AccountBook {
        var book = AccountBook(
            refreshInterval: hour, backOff: ServeBackOff(first: .seconds(60), longest: .seconds(900)))
        book.keep([account])
        return book
    }

    private func dueChecks(_ book: inout AccountBook, at time: Timestamp) -> [AccountName] {
        book.takeDueChecks(at: time)
    }

    private func dueRefreshes(_ book: inout AccountBook, at time: Timestamp) -> [AccountName] {
        book.takeDueRefreshes(at: time)
    }

    private func isIdle(_ book: inout AccountBook, at time: Timestamp) -> Bool {
        dueChecks(&book, at: time).isEmpty && dueRefreshes(&book, at: time).isEmpty
    }

    @Test("nothing is sent or read for an account before it is known that its callbacks come to us")
    func unchecked() {
        var book = book()
        #expect(book.stopped(at: now)[account] != nil)
        let (checks, refreshes) = (book.takeDueChecks(at: now), book.takeDueRefreshes(at: now))
        #expect(checks == [account] && refreshes.isEmpty)
        book.checked(account, .problem("They go elsewhere."), at: now)
        #expect(book.stopped(at: now)[account] == "They go elsewhere.")
        #expect(book.statuses(at: now).first?.registrationProblem == "They go elsewhere.")
        #expect(isIdle(&book, at: now))
        #expect(book.nextDue == now + .seconds(60))
        book.checked(account, .ours, at: now + .seconds(60))
        #expect(dueRefreshes(&book, at: now + .seconds(60)) == [account])
    }

    @Test("the records are read once before anything is sent, whatever comes of it")
    func firstReading() {
        var book = book()
        book.checked(account, .ours, at: now)
        #expect(book.stopped(at: now)[account]?.contains("first time") == true)
        #expect(book.statuses(at: now).first?.isSettled == false, "nobody is told")
        book.refreshed(account, problem: "late", at: now)
        #expect(book.stopped(at: now).isEmpty)
        var blind = AccountBook(refreshInterval: hour, backOff: ServeBackOff(), reads: false)
        blind.keep([account])
        blind.checked(account, .ours, at: now)
        #expect(blind.stopped(at: now).isEmpty && blind.nextRefresh == nil)
        var trusting = AccountBook(refreshInterval: hour, backOff: ServeBackOff(), awaitsReading: false)
        trusting.keep([account])
        trusting.checked(account, .ours, at: now)
        #expect(trusting.stopped(at: now).isEmpty && trusting.nextRefresh == .distantPast)
    }

    @Test("records are read once in an interval; what went wrong is tried again sooner, and ever less often")
    func refreshes() {
        var book = book()
        book.checked(account, .ours, at: now)
        book.refreshed(account, problem: nil, at: now)
        #expect(dueRefreshes(&book, at: now + hour - .seconds(1)).isEmpty)
        #expect(dueRefreshes(&book, at: now + hour) == [account])
        var time = now + hour
        var waits: [Duration] = []
        for _ in 0..<6 {
            book.refreshed(account, problem: "late", at: time)
            let next = book.nextRefresh ?? .distantPast
            waits.append(next - time)
            time = next
        }
        #expect(waits == [60, 120, 240, 480, 900, 900].map { .seconds($0) })
        #expect(book.statuses(at: time).first?.refreshedAt == now, "the last whole one")
    }

    @Test("a process that starts again does not read what an earlier one has just read")
    func restarts() {
        var book = AccountBook(refreshInterval: hour, backOff: ServeBackOff())
        book.keep([account], refreshedAt: now - .seconds(600))
        book.checked(account, .ours, at: now)
        #expect(dueRefreshes(&book, at: now).isEmpty)
        #expect(book.nextRefresh == now + .seconds(3000))
        book.makeDue()
        #expect(dueRefreshes(&book, at: now) == [account], "a person asked for it")
    }

    @Test("what a person asks for while records are being read is done after that")
    func askedMeanwhile() {
        var book = book()
        book.checked(account, .ours, at: now)
        #expect(dueRefreshes(&book, at: now) == [account])
        book.makeDue()
        book.refreshed(account, problem: nil, at: now + .seconds(5))
        #expect(dueRefreshes(&book, at: now + .seconds(5)) == [account])
        book.refreshed(account, problem: nil, at: now + .seconds(9))
        #expect(dueRefreshes(&book, at: now + .seconds(9)).isEmpty)
    }

    @Test("an account that runs could not go on for rests longer each time, and what was long ago does not count")
    func rests() {
        var book = book()
        book.checked(account, .ours, at: now)
        book.refreshed(account, problem: nil, at: now)
        for seconds in [60, 120, 240, 480, 900, 900] as [Int64] {
            book.rests(account, "The answer did not come.", at: now)
            #expect(book.stopped(at: now) == [account: "The answer did not come."])
            #expect(book.nextWaking(after: now) == now + .seconds(seconds))
            #expect(book.stopped(at: now + .seconds(seconds)).isEmpty)
        }
        let later = now + .seconds(1801)
        book.rests(account, "The answer did not come.", at: later)
        #expect(book.nextWaking(after: later) == later + .seconds(60))
    }

    @Test("a check that got no answer keeps what was known")
    func noAnswer() {
        var book = book()
        book.checked(account, .ours, at: now)
        book.refreshed(account, problem: nil, at: now)
        book.couldNotCheck(account, "The carrier cannot be reached.", at: now + hour)
        #expect(book.stopped(at: now + hour).isEmpty)
        #expect(dueChecks(&book, at: now + hour + .seconds(60)) == [account])
    }

    @Test("overdue outcomes have the registration looked at at once, and again while they stay overdue")
    func silence() {
        var book = book()
        book.checked(account, .ours, at: now)
        book.refreshed(account, problem: nil, at: now)
        var time = now + .seconds(10)
        #expect(isIdle(&book, at: time) && !book.isSilent(account, at: time))
        #expect(!book.isNews(overdue: []) && book.isNews(overdue: [account]))
        book.note(overdue: [account], at: time)
        #expect(book.isSilent(account, at: time) && !book.isNews(overdue: [account]))
        #expect(book.statuses(at: time)[0].silence == nil, "it may go elsewhere, which is said otherwise")
        var waits: [Duration] = []
        for _ in 0..<4 {
            #expect(dueChecks(&book, at: time) == [account])
            book.checked(account, .ours, at: time)
            #expect(book.statuses(at: time)[0].silence?.contains("\(account)") == true)
            let next = book.nextDue ?? .distantPast
            waits.append(next - time)
            time = next
        }
        #expect(waits == [60, 120, 240, 480].map { .seconds($0) })
        book.note(overdue: [], at: time)
        #expect(!book.isSilent(account, at: time) && dueChecks(&book, at: time).isEmpty)
        #expect(book.statuses(at: time)[0].silence == nil)
    }

    @Test("lists whose answers do not come have the registration looked at, and so has an account that rests")
    func unansweredLists() {
        var book = book()
        book.checked(account, .ours, at: now)
        let time = now + .seconds(120)
        book.refreshed(account, problem: "late", isUnanswered: true, at: time)
        #expect(dueChecks(&book, at: time) == [account] && book.isSilent(account, at: time))
        book.checked(account, .ours, at: time)
        book.refreshed(account, problem: nil, at: time + .seconds(1))
        #expect(!book.isSilent(account, at: time + .seconds(1)))
        #expect(dueChecks(&book, at: time + .seconds(61)).isEmpty)
        book.rests(account, "The answer did not come.", at: time + .seconds(61))
        #expect(dueChecks(&book, at: time + .seconds(61)) == [account])
    }

    @Test("a lost registration is shown and not called silence")
    func lostRegistration() {
        var book = book()
        book.checked(account, .ours, at: now)
        book.note(overdue: [account], at: now + .seconds(1))
        book.checked(account, .problem("They go elsewhere."), at: now + .seconds(1))
        let status = book.statuses(at: now + .seconds(1))[0]
        #expect(status.silence == nil && status.registrationProblem != nil)
    }

    @Test("a reading that is due at once is shown for now, not for the beginning of all times")
    func dueAtOnce() {
        let board = ControllerBoard(ControllerStatus(startedAt: now, manifests: .init(origin: "fleet")))
        let desk = ControllerDesk(
            accounts: AccountBook(refreshInterval: .seconds(60), backOff: ServeBackOff()), wakeup: Wakeup(),
            board: board, startedAt: now)
        desk.changeAccounts(at: now) { book in
            book.keep([account])
            book.checked(account, .ours, at: now)
        }
        #expect(board.current.nextRefreshAt == now)
    }
}
