import Reconciler

/// A plan as text for people: a summary, the actions by account and kind, then what is left out and why.
///
/// A short plan lists every device; a long one counts them by account, action and label, and lists a page.
struct PlanText {
    let plan: Plan
    let style: Style
    /// How many devices are listed in all, at most.
    let limit: Int

    /// How many devices are listed unless all are asked for.
    static let page = 25
    /// Of a plan that is longer than a page: accounts and values of a label that are listed each.
    private static let accountLimit = 25
    private static let valueLimit = 6
    private static let driftLimit = 10
    private static let exceptionsPerReason = 10

    private var isLong: Bool { plan.actions.count > Self.page }
    private var listsAll: Bool { limit == .max }

    /// - Parameter line: given the text line by line.
    func write(to line: (DisplayText) throws -> Void) rethrows {
        let summary = plan.actions.summary()
        let headline = PlanHeadline(plan, summary)
        try write(headline, to: line)
        if isLong, summary.accounts.count > 1 { try writeTable(of: summary, to: line) }
        if !plan.drifts.isEmpty {
            try line("")
            let listedDrifts = listsAll ? limit : Self.driftLimit
            try DriftText(drifts: plan.drifts, style: style, limit: listedDrifts).write(to: line)
        }
        try writeActions(summary, to: line)
        try writeExceptions(to: line)
        for window in plan.closedWindows {
            try line("")
            try line(style.yellow("Window closed. ") + "\(window)")
        }
        for change in plan.largeChanges {
            try line("")
            try line(style.red("Large change. ") + "\(change)")
        }
        for devices in plan.heldDevices {
            try line("")
            try line(style.yellow("Held. ") + "\(devices)")
        }
        // The summary has left the screen.
        if listsAll, isLong {
            try line("")
            try write(headline, to: line)
        }
    }

    private func write(_ headline: PlanHeadline, to line: (DisplayText) throws -> Void) rethrows {
        if let first = headline.partial.first {
            try line(style.yellow("Partial plan. ") + DisplayText(first))
            try headline.partial.dropFirst().forEach { try line(DisplayText($0)) }
            try line("")
        }
        if plan.isConverged {
            try line(style.green("\(headline.title).") + " \(headline.detail)")
        } else {
            try line(style.bold("Plan: ") + "\(headline.title), \(headline.detail)")
        }
        if let unmanaged = headline.unmanaged { try line(style.dim("\(unmanaged)")) }
    }

    /// The actions by account, the largest first.
    private func writeTable(of summary: PlanSummary, to line: (DisplayText) throws -> Void) rethrows {
        let kinds = ProfileAction.allCases.filter { summary.actions[$0] != nil }
        let accounts = summary.accounts.sorted { ($1.total, $0.name) < ($0.total, $1.name) }
        let listed = accounts.prefix(listsAll ? accounts.count : Self.accountLimit)
        let rest = accounts.dropFirst(listed.count).reduce(into: [:]) { $0.merge($1.actions, uniquingKeysWith: +) }
        var rows = listed.map { (DisplayText($0.name.description), $0.actions) }
        if !rest.isEmpty { rows.append(("\((accounts.count - listed.count).grouped) more", rest)) }
        let width = rows.reduce("Account".count) { max($0, $1.0.description.count) }
        let columns = kinds.map { max($0.rawValue.count, (summary.actions[$0] ?? 0).grouped.count) }
        let totalWidth = max("total".count, summary.total.grouped.count)
        func text(_ name: DisplayText, _ cells: [String], _ total: String) -> DisplayText {
            let cells =
                zip(cells, columns).map { DisplayText($0).aligned(to: $1) } + [
                    DisplayText(total).aligned(to: totalWidth)
                ]
            return "  \(name.padded(to: width))  \(cells.joined(separator: "  "))"
        }
        try line("")
        try line(style.dim(text("Account", kinds.map(\.rawValue), "total")))
        for (name, actions) in rows {
            try line(text(name, kinds.map { actions[$0]?.grouped ?? "-" }, actions.total.grouped))
        }
    }

    private func writeActions(_ summary: PlanSummary, to line: (DisplayText) throws -> Void) rethrows {
        let groups = plan.actions.groups(listing: limit)
        guard listsAll || !groups.allSatisfy(\.listed.isEmpty) else {
            if !groups.isEmpty { try line(style.dim("  (--all lists every device)")) }
            return
        }
        var account: AccountName?
        var telling: Set<String> = []
        for group in groups {
            if group.account != account {
                account = group.account
                let breakdowns = summary.accounts.first { $0.name == group.account }?.breakdowns ?? []
                telling = Set(breakdowns.map(\.label))
                try line("")
                try line(style.bold("Account \(group.account)"))
                if isLong { for breakdown in breakdowns { try line(text(of: breakdown)) } }
            }
            let symbol = group.action.isDownload ? style.green("+") : style.yellow("~")
            try line("  \(symbol) \(group.count.grouped) \(group.action.rawValue)")
            for position in group.listed { try line("      " + text(at: Int(position), labels: telling)) }
            if group.listed.count < group.count {
                try line(
                    style.dim("      ... and \((group.count - group.listed.count).grouped) more (--all lists them)"))
            }
        }
    }

    /// How many devices have each value of a label.
    private func text(of breakdown: LabelBreakdown) -> DisplayText {
        var shown = breakdown.parts.prefix(Self.valueLimit).map { part -> DisplayText in
            "\(part.value.map { DisplayText($0, limit: 100) } ?? style.dim("without")) \(part.actions.total.grouped)"
        }
        let rest = breakdown.parts.count - shown.count
        if rest > 0 { shown.append("\(counted(rest, "more value"))") }
        return style.dim("  by \(breakdown.label, limit: 100): ") + shown.joined(separator: ", ")
    }

    /// - Parameter labels: those that tell the account's devices apart.
    private func text(at position: Int, labels: Set<String>) -> DisplayText {
        let action = plan.actions[position]
        let shown = labels.isEmpty ? [] : plan.labels(at: position).filter { labels.contains($0.key) }
        let text = shown.map { label -> DisplayText in "\(label.key, limit: 100)=\(label.value, limit: 100)" }
            .joined(separator: " ")
        return "\(action.key)  \(action.origin(at: plan.createdAt))" + (text.isEmpty ? "" : style.dim("  \(text)"))
    }

    private func writeExceptions(to line: (DisplayText) throws -> Void) rethrows {
        let limit = listsAll ? .max : Self.exceptionsPerReason
        for (reason, count) in plan.exceptionReasons {
            try line("")
            try line(style.red("! ") + style.bold("\(count.grouped) \(reason)"))
            var listed = 0
            for exception in plan.exceptions where listed < limit && exception.reason.name == reason {
                try line("      \(exception.key)  \(exception.reason.explanation)")
                listed += 1
            }
            if count > listed {
                try line(style.dim("      ... and \((count - listed).grouped) more (--all lists them)"))
            }
        }
    }
}
