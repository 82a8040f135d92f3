import Reconciler

/// A plan as text for people: the actions by account, then what is left out and why, then a summary.
struct PlanText {
    let plan: Plan
    let style: Style
    /// How many devices are listed under each heading, at most.
    let limit: Int

    /// How many devices are listed under a heading unless all are asked for.
    static let page = 10

    func lines() -> [String] {
        var lines: [String] = []
        if plan.isConverged {
            lines.append(style.green("Nothing to do.") + " " + converged)
        } else {
            lines += actionLines() + exceptionLines()
            lines.append(style.bold("Plan: ") + summary)
        }
        if !plan.unmanaged.isEmpty {
            lines.append(
                style.dim(
                    "\(counted(plan.unmanaged.count, "device")) in the store that the YAML does not name; "
                        + "never touched."))
        }
        for change in plan.largeChanges {
            lines.append(style.red("Large change. ") + change.description)
        }
        return lines
    }

    private var converged: String {
        "\(plan.convergedCount) of \(counted(plan.desiredCount, "device")) as desired."
    }

    private func actionLines() -> [String] {
        var lines: [String] = []
        let byAccount = Dictionary(grouping: plan.actions, by: \.account).sorted { $0.key < $1.key }
        for (account, actions) in byAccount {
            lines.append(style.bold("Account \(account)"))
            for action in actions.prefix(limit) {
                lines.append("  " + line(for: action))
            }
            if actions.count > limit {
                lines.append(style.dim("    ... and \(actions.count - limit) more (--all lists them)"))
            }
            lines.append("")
        }
        return lines
    }

    private func line(for action: PlannedAction) -> String {
        let symbol = action.action.isDownload ? style.green("+") : style.yellow("~")
        let from = action.known.map(\.name) ?? "never seen"
        var notes: [String] = []
        if action.isUnverified { notes.append("unverified: looked up first") }
        if action.isDrift { notes.append("drift") }
        if action.attempt > 1 { notes.append("attempt \(action.attempt)") }
        let note = notes.isEmpty ? "" : style.dim("  (\(notes.joined(separator: ", ")))")
        return
            "\(symbol) \(action.action.rawValue.padded(to: 15)) \(action.key)  \(from) -> \(action.desired.rawValue)\(note)"
    }

    private func exceptionLines() -> [String] {
        var lines: [String] = []
        let byReason = Dictionary(grouping: plan.exceptions, by: \.reason.name).sorted { $0.key < $1.key }
        for (reason, exceptions) in byReason {
            lines.append(style.bold(reason.prefix(1).uppercased() + reason.dropFirst()))
            for exception in exceptions.prefix(limit) {
                lines.append("  ! \(exception.key)  \(exception.reason.explanation)")
            }
            if exceptions.count > limit {
                lines.append(style.dim("    ... and \(exceptions.count - limit) more (--all lists them)"))
            }
            lines.append("")
        }
        return lines
    }

    private var summary: String {
        let counts = plan.actionCounts
        var parts = ProfileAction.allCases.compactMap { action in
            counts[action].map { "\($0) \(action.rawValue)" }
        }
        parts += plan.exceptionCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        parts.append(converged)
        var text = parts.joined(separator: ", ")
        if plan.unverifiedCount > 0 {
            text += " \(counted(plan.unverifiedCount, "device")) never seen."
        }
        if plan.driftCount > 0 {
            text += " \(counted(plan.driftCount, "device")) drifted."
        }
        return text
    }
}
