/// A plan as a comment on a pull request: a summary, then the devices in parts that open. What does not fit into a
/// comment is left out, and said.
public struct PlanMarkdown: Sendable {
    /// What a comment holds, with room for what a workflow may put around it: GitHub refuses more than 65,536
    /// characters. It is counted in bytes, of which there are never fewer.
    public static let limit = 65_000
    /// How many accounts and values of a label have a row, and how many account and action pairs have a part.
    private static let accountLimit = 20
    private static let groupLimit = 40
    private static let valueLimit = 20
    private static let labelLimit = 5
    private static let warningLimit = 4
    /// No more devices than this fit in any case.
    private static let deviceLimit = 700
    /// Up to here the parts are open from the start.
    private static let openLimit = 12

    private let plan: Plan
    private let summary: PlanSummary
    private let toolVersion: String

    /// - Parameter toolVersion: of the program that writes.
    public init(_ plan: Plan, toolVersion: String) {
        self.plan = plan
        summary = plan.actions.summary()
        self.toolVersion = toolVersion
    }

    /// The whole comment. Its first line is hidden; workflows can find the comment by it.
    public func text() -> String {
        let groups = plan.actions.groups(listing: Self.deviceLimit)
        let sections =
            driftSections + plan.exceptionReasons.map(section(ofExceptions:))
            + groups.prefix(Self.groupLimit).map(section(of:))
            + summary.breakdowns.prefix(Self.labelLimit).map(section(of:))
        let head = head()
        let groupsLeftOut = groups.dropFirst(Self.groupLimit)
        let room = Self.limit - head.utf8.count - Self.footRoom - sections.reduce(0) { $0 + $1.fixedSize }
        let share = FairShare.limit(sections.map(\.rowSize), room: max(room, 0))
        var shown = 0
        var body = ""
        for section in sections {
            let rows = section.rows(within: share)
            if section.subject == .device { shown += rows.count }
            body += section.text(rows)
        }
        if !groupsLeftOut.isEmpty {
            let devices = groupsLeftOut.reduce(0) { $0 + $1.count }
            body += "\(counted(devices, "device")) in \(counted(groupsLeftOut.count, "further part")) left out.\n\n"
        }
        return head + body + foot(shown: shown)
    }

    private static let footRoom = 600

    private func head() -> String {
        let headline = PlanHeadline(plan, summary)
        var text = "<!-- profilectl plan -->\n### Plan: \(headline.title)\n\n"
        text +=
            ([headline.detail] + headline.partial.map { MarkdownText.sentences($0, limit: 1000) }
            + [headline.unmanaged].compactMap(\.self)).joined(separator: " ")
            + "\n\n"
        let warnings =
            plan.largeChanges.map { ("Large change.", $0.description) }
            + plan.heldDevices.map { ("Held.", $0.description) }
            + plan.closedWindows.map { ("Window closed.", $0.description) }
        for (kind, warning) in warnings.prefix(Self.warningLimit) {
            text += "> **\(kind)** \(MarkdownText.sentences(warning))\n\n"
        }
        if warnings.count > Self.warningLimit {
            text += "> … and \(counted(warnings.count - Self.warningLimit, "further warning")).\n\n"
        }
        return text + accountTable()
    }

    /// The actions by account; nothing where the headline says it all.
    private func accountTable() -> String {
        guard summary.total > 0 else { return "" }
        let kinds = kinds(in: summary.actions)
        var text = "| Account |" + kinds.map { " \($0.rawValue) |" }.joined() + " Total |\n"
        text += "| :--- |" + kinds.map { _ in " ---: |" }.joined() + " ---: |\n"
        let largest = summary.accounts.sorted { ($1.total, $0.name) < ($0.total, $1.name) }
        for account in largest.prefix(Self.accountLimit) {
            text += row(MarkdownText.code(account.name.description), account.actions, kinds)
        }
        let rest = largest.dropFirst(Self.accountLimit)
        if !rest.isEmpty {
            let actions = rest.reduce(into: [:]) { $0.merge($1.actions, uniquingKeysWith: +) }
            text += row("\(rest.count.grouped) more", actions, kinds)
        }
        if largest.count > 1 { text += row("**All**", summary.actions, kinds) }
        return text + "\n"
    }

    private func kinds(in actions: [ProfileAction: Int]) -> [ProfileAction] {
        ProfileAction.allCases.filter { actions[$0] != nil }
    }

    private func row(_ name: String, _ actions: [ProfileAction: Int], _ kinds: [ProfileAction]) -> String {
        "| \(name) |" + kinds.map { " \((actions[$0] ?? 0).grouped) |" }.joined() + " \(actions.total.grouped) |\n"
    }

    private var isOpen: Bool { plan.actions.count + plan.exceptions.count <= Self.openLimit }

    private func section(ofExceptions reason: (name: String, count: Int)) -> MarkdownSection {
        let exceptions = plan.exceptions.lazy.filter { $0.reason.name == reason.name }.prefix(Self.deviceLimit)
        // A list, since sentences in narrow columns are hard to read on a phone.
        return MarkdownSection(
            title: "\(reason.count.grouped) \(MarkdownText.sentences(reason.name, limit: 40))", header: nil,
            rows: exceptions.map { exception in
                "- `\(exception.key.eid)` `\(exception.key.iccid)` \(MarkdownText.code(exception.account.description)): "
                    + MarkdownText.sentences(exception.reason.explanation)
            }, total: reason.count, subject: .device, isOpen: isOpen)
    }

    /// Devices that have moved away from what they had reached; each is among the others, too.
    private var driftSections: [MarkdownSection] {
        guard !plan.drifts.isEmpty else { return [] }
        let rows = plan.drifts.prefix(Self.deviceLimit).map { drift in
            "- \(MarkdownText.code(drift.account.description)) `\(drift.key.eid)` `\(drift.key.iccid)` "
                + MarkdownText.sentences(drift.story)
        }
        return [
            MarkdownSection(
                title: "Drift: <b>\(counted(plan.drifts.count, "device"))</b> \(Drift.meaning)", header: nil,
                rows: Array(rows), total: plan.drifts.count, subject: .drift, isOpen: isOpen)
        ]
    }

    private func section(of breakdown: LabelBreakdown) -> MarkdownSection {
        let kinds = kinds(in: summary.actions)
        let label = MarkdownText.code(breakdown.label, limit: 40)
        return MarkdownSection(
            title: "By \(label)",
            header: "| \(label) |" + kinds.map { " \($0.rawValue) |" }.joined() + " Total |\n| :--- |"
                + kinds.map { _ in " ---: |" }.joined() + " ---: |",
            rows: breakdown.parts.prefix(Self.valueLimit).map { part in
                String(row(part.value.map { MarkdownText.code($0) } ?? "without", part.actions, kinds).dropLast())
            }, total: breakdown.parts.count, subject: .value, isOpen: false)
    }

    private func section(of group: ActionGroup) -> MarkdownSection {
        let target = group.action.expectedState == .downloadedEnabled ? "enabled" : "disabled"
        return MarkdownSection(
            title:
                "\(MarkdownText.code(group.account.description)): <b>\(group.count.grouped) \(group.action.rawValue)</b>",
            header: "| To be \(target) | Now | Labels |\n| :--- | :--- | :--- |",
            rows: group.listed.map { position in
                let action = plan.actions[Int(position)]
                return "| \(device(action.key)) | \(action.origin(at: plan.createdAt)) | \(labels(at: Int(position))) |"
            }, total: group.count, subject: .device, isOpen: isOpen)
    }

    private func device(_ key: DeviceKey) -> String { "`\(key.eid)`<br>`\(key.iccid)`" }

    private func labels(at position: Int) -> String {
        let labels = plan.labels(at: position)
        var shown = labels.prefix(4).map { MarkdownText.code("\($0.key)=\($0.value)") }
        if labels.count > shown.count { shown.append("and \(labels.count - shown.count) more") }
        return shown.joined(separator: " ")
    }

    private func foot(shown: Int) -> String {
        let all = plan.actions.count + plan.exceptions.count
        var text = "<sub>Planned at \(plan.createdAt) by profilectl \(MarkdownText.sentences(toolVersion, limit: 40))."
        if shown < all {
            text += " Of \(counted(all, "device")) \(shown.grouped) are listed; a comment has no room for the others."
            text += " <code>profilectl plan --format html</code> and <code>--format json</code> list more."
        }
        return text + "</sub>\n"
    }
}
