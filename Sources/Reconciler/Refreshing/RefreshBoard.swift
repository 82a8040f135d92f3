import Synchronization

/// Where readings that go on at the same time note how far they have come.
final class RefreshBoard: Sendable {
    private let report: Mutex<RefreshReport>
    private let progress: @Sendable (RefreshReport) -> Void

    init(_ accounts: [AccountName], lists: ListChoice, progress: @escaping @Sendable (RefreshReport) -> Void) {
        report = Mutex(RefreshReport(accounts: accounts.map { RefreshReport.Account(name: $0, lists: lists) }))
        self.progress = progress
    }

    var current: RefreshReport { report.withLock { $0 } }

    func note(_ account: AccountName, _ change: (inout RefreshReport.Account) -> Void) {
        let changed = report.withLock { report in
            for index in report.accounts.indices where report.accounts[index].name == account {
                change(&report.accounts[index])
            }
            return report
        }
        progress(changed)
    }

    func end(_ ending: RefreshReport.Ending) -> RefreshReport {
        let ended = report.withLock { report in
            report.ending = ending
            return report
        }
        progress(ended)
        return ended
    }
}
