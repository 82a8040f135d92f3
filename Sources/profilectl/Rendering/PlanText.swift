import Reconciler

/// A plan as text for people: the actions by account, then what is left out and why, then a summary.
///
/// A short plan lists every device; a long one counts them by account, action and label, and lists a page.
struct PlanText {
    let plan: Plan
    let style: Style
    /// How many devices are listed in all, at most.
    let limit: Int

    /// How many devices are listed unless all are asked for.
    static let page = 25
    /// Of a plan that is longer than a page: devices, accounts and values of a label that are listed each.
    private static let devicesPerAccount = 5
    private static let accountLimit = 25
    private static let valueLimit = 6
    private static let driftLimit = 10

    private var isLong: Bool { plan.actions.count > Self.page }

    /// - Parameter line: given the text line by line.
    func write(to line: (String) throws -> Void) rethrows {
        try selectionLines().forEach(line)
        if plan.isConverged {
            try line(style.green("Nothing to do.") + " " + converged)
        } else {
            let summary = plan.actions.summary()
            let listedDrifts = limit == .max ? limit : Self.driftLimit
            try DriftText(drifts: plan.drifts, style: style, limit: listedDrifts).write(to: line)
            try writeActions(summary, to: line)
            try writeExceptions(to: line)
            try line(style.bold("Plan: ") + text(of: summary))
        }
        if !plan.unmanaged.isEmpty {
            try line(
                style.dim(
                    "\(counted(plan.unmanaged.count, "device")) in the store that the YAML does not name; "
                        + "never touched."))
        }
        for window in plan.closedWindows {
            try line(style.yellow("Window closed. ") + "Profile set \(window.profileSet) opens at \(window.opening).")
        }
        for change in plan.largeChanges {
            try line(style.red("Large change. ") + change.description)
        }
    }

    private var converged: String {
        let noun = plan.selection == nil ? "device" : "selected device"
        return "\(plan.convergedCount) of \(counted(plan.desiredCount, noun)) as desired."
    }

    /// That the plan is about a part of the fleet, if it is.
    private func selectionLines() -> [String] {
        guard let selection = plan.selection else { return [] }
        let others = selection.count < selection.fleetCount ? "; the others are left as they are." : "."
        var lines = [
            style.yellow("Partial plan. ")
                + "\(selection.count) of \(counted(selection.fleetCount, "device")) selected "
                + "by \(selection.options)\(others)"
        ]
        if selection.addedWithCard > 0 {
            lines.append(
                "\(counted(selection.addedWithCard, "device")) more than was asked for: profiles of one eUICC are "
                    + "switched together.")
        }
        if selection.leftOutWithCard > 0 {
            lines.append(
                "\(counted(selection.leftOutWithCard, "device")) fewer than was asked for: the eUICC holds an excluded "
                    + "profile, and its profiles are switched together.")
        }
        return lines + [""]
    }

    private func writeActions(_ summary: PlanSummary, to line: (String) throws -> Void) rethrows {
        let perAccount = limit == .max || !isLong ? limit : Self.devicesPerAccount
        let positions = plan.actions.positions(byAccountUpTo: perAccount)
        var room = limit
        let accounts = limit == .max ? summary.accounts.count : Self.accountLimit
        for account in summary.accounts.prefix(accounts) {
            try line(style.bold("Account \(account.name)"))
            if isLong { try lines(of: account).forEach(line) }
            let listed = (positions[account.name] ?? []).prefix(room)
            for position in listed { try line("  " + text(of: plan.actions[position])) }
            room -= listed.count
            if listed.count < account.total {
                try line(style.dim("    ... and \(account.total - listed.count) more (--all lists them)"))
            }
            try line("")
        }
        if summary.accounts.count > accounts {
            try line(style.dim("... and \(summary.accounts.count - accounts) more accounts (--all lists them)"))
            try line("")
        }
    }

    /// The counts of an account, by action and by label.
    private func lines(of account: PlanSummary.Account) -> [String] {
        let actions = ProfileAction.allCases.compactMap { action in
            account.actions[action].map { "\($0) \(action.rawValue)" }
        }
        var lines = ["  " + actions.joined(separator: ", ")]
        for (label, values) in account.labels.sorted(by: { $0.key < $1.key }) {
            let largest = values.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            var shown = largest.prefix(Self.valueLimit).map { "\($0.key) \($0.value)" }
            if largest.count > shown.count { shown.append("\(largest.count - shown.count) more values") }
            lines.append(style.dim("  by \(label): ") + shown.joined(separator: ", "))
        }
        return lines
    }

    private func text(of action: PlannedAction) -> String {
        let symbol = action.action.isDownload ? style.green("+") : style.yellow("~")
        var notes: [String] = []
        if action.isUnverified { notes.append("unverified: looked up first") }
        if action.isDrift { notes.append("drift") }
        if action.attempt > 1 { notes.append("attempt \(action.attempt)") }
        let note = notes.isEmpty ? "" : style.dim("  (\(notes.joined(separator: ", ")))")
        return "\(symbol) \(action.action.rawValue.padded(to: 15)) \(action.key)  \(action.change)\(note)"
    }

    private func writeExceptions(to line: (String) throws -> Void) rethrows {
        let listed = limit == .max ? limit : 10
        let byReason = Dictionary(grouping: plan.exceptions, by: \.reason.name).sorted { $0.key < $1.key }
        for (reason, exceptions) in byReason {
            try line(style.bold(reason.prefix(1).uppercased() + reason.dropFirst()))
            for exception in exceptions.prefix(listed) {
                try line("  ! \(exception.key)  \(exception.reason.explanation)")
            }
            if exceptions.count > listed {
                try line(style.dim("    ... and \(exceptions.count - listed) more (--all lists them)"))
            }
            try line("")
        }
    }

    private func text(of summary: PlanSummary) -> String {
        var parts = ProfileAction.allCases.compactMap { action in
            summary.actions[action].map { "\($0) \(action.rawValue)" }
        }
        parts += plan.exceptionCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        parts.append(converged)
        var text = parts.joined(separator: ", ")
        if summary.unverified > 0 {
            text += " \(counted(summary.unverified, "device")) never seen."
        }
        if summary.drift > 0 {
            text += " \(counted(summary.drift, "device")) drifted."
        }
        return text
    }
}
