import Reconciler

/// How far a refresh has come, and what it has learnt, as text.
struct RefreshReportText {
    let report: RefreshReport
    let style: Style

    /// One line for the running numbers.
    var line: DisplayText {
        var parts: [DisplayText] = []
        let v1 = report.accounts.reduce(0) { $0 + $1.v1.count }
        let answers = report.accounts.reduce(0) { $0 + $1.v2.count }
        if report.accounts.contains(where: { $0.v1 != .off }) { parts.append("v1 list: \(counted(v1, "device"))") }
        if report.accounts.contains(where: { $0.v2 != .off }) {
            parts.append("v2 lists: \(counted(answers, "answer"))")
        }
        let done = report.accounts.count(where: \.isRead)
        return "\(done) of \(counted(report.accounts.count, "account")) read, \(parts.joined(separator: ", "))"
    }

    /// How much is done, from 0 to 1.
    var share: Double {
        let lists = report.accounts.flatMap { [$0.v1, $0.v2] }.filter { $0 != .off }
        return lists.isEmpty ? 1 : Double(lists.count(where: \.isOver)) / Double(lists.count)
    }

    func lines() -> [DisplayText] {
        if report.ending == .interrupted {
            let written = report.accounts.count(where: \.isWritten)
            guard written > 0 else { return [style.yellow("Stopped; nothing was changed.")] }
            return [
                style.yellow(
                    "Stopped; \(written) of \(counted(report.accounts.count, "account")) had been read and written down."
                )
            ]
        }
        return report.accounts.flatMap(lines) + [verdict]
    }

    private func lines(of account: RefreshReport.Account) -> [DisplayText] {
        var numbers: [DisplayText] = ["\(counted(account.devices, "device"))"]
        for (count, name) in [
            (account.added, "new"), (account.changed, "changed"), (account.held, "of unknown state"),
            (account.gone, "not on the account any more"),
        ] where count > 0 {
            numbers.append("\(count) \(name)")
        }
        var lines: [DisplayText] = [style.bold("Account \(account.name)") + "  " + numbers.joined(separator: ", ")]
        if account.withoutEID > 0 {
            lines.append(style.dim("  \(counted(account.withoutEID, "line")) without an eUICC passed over"))
        }
        if account.ambiguous > 0 {
            lines.append(
                style.dim(
                    "  \(counted(account.ambiguous, "row")) passed over that could be about no device, or several"))
        }
        if account.ofOtherAccounts > 0 {
            lines.append(style.dim("  \(counted(account.ofOtherAccounts, "row")) of other accounts passed over"))
        }
        if account.unclearCount > 0 {
            lines.append("  Nothing is concluded of \(counted(account.unclearCount, "device")):")
            lines += account.unclear.map { "    \($0)" }
        }
        return lines + account.problems.map { style.red("  ! ") + DisplayText($0) }
    }

    private var verdict: DisplayText {
        if !report.lacksLists, report.hasDoubtedLists {
            return style.yellow("Refreshed, but for devices that the lists do not name any more.")
        }
        if !report.isWhole {
            return style.yellow("Not everything could be read.")
                + " What a list did not tell is as it was known before."
        }
        guard report.heldDeclared > 0 else { return style.green("Refreshed.") }
        return style.yellow("Refreshed.")
            + " \(counted(report.heldDeclared, "declared device")) held: the lists do not tell how their profiles are, or "
            + "contradict each other. `profilectl plan` shows them."
    }
}

extension RefreshReport.List {
    fileprivate var count: Int {
        switch self {
        case .underWay(let count), .read(let count): count
        case .off, .late, .failed: 0
        }
    }

    fileprivate var isOver: Bool {
        if case .underWay = self { return false }
        return true
    }
}

extension RefreshReport.Account {
    fileprivate var isRead: Bool { v1.isOver && v2.isOver }
}
