import Reconciler

/// The fleet in numbers, as text.
struct FleetStatusText {
    let status: FleetStatus
    let style: Style

    /// How many devices that need attention are listed, and the rows of a table.
    private static let deviceLimit = 25
    private static let rowLimit = 100

    func lines() -> [DisplayText] {
        let devices = style.bold("\(counted(status.devices, "device"))")
        var lines = [status.ofDevices.map { "\(devices) of \($0) known ones selected" } ?? devices + " known"]
        lines += table("Profiles", status.profiles)
        lines += table("Operations that are open or failed", status.operations)
        lines += troubles()
        lines += table("In doubt, to be looked up", status.inDoubt)
        lines += table("Callbacks", status.callbacks)
        lines += table("Callbacks refused", status.counters.mapValues { Int($0) })
        lines += table("Roll-outs under way", status.rollouts)
        lines += table("Paused", status.pauses)
        lines += status.signIns.flatMap(text)
        for run in status.runs {
            let does: DisplayText =
                run.profileSets.isEmpty ? "Reading now" : "Acting now on \(run.profileSets.joined(separator: ", "))"
            lines.append("\(does): \(run.owner)")
        }
        if !status.latestRuns.isEmpty { lines.append(style.bold("Latest runs")) }
        return lines + status.latestRuns.map(text)
    }

    private func text(_ signIn: FleetStatus.SignIn) -> [DisplayText] {
        guard let since = signIn.stoppedSince else {
            return [
                style.yellow("Sign-in refused")
                    + " \(counted(signIn.refusals, "time")), last at \(signIn.at) (\(signIn.credential))."
            ]
        }
        return [
            style.red("Sign-in is stopped") + " since \(since) (\(signIn.credential)).",
            "  \(signIn.explanation ?? "")",
        ]
    }

    private func text(_ run: RunStatus) -> DisplayText {
        let name: DisplayText = "\(run.command) (\(run.number))"
        var text: DisplayText = "  \(run.startedAt)  \(name.padded(to: 14)) by \(run.person): "
        text += "\(run.ending ?? "no end was written down")"
        if let commit = run.commit { text += ", commit \(commit.prefix(12))" }
        if let detail = run.detail { text += ", \(detail, limit: 300)" }
        return text
    }

    private func troubles() -> [DisplayText] {
        guard status.needAttentionCount > 0 else { return [] }
        let shown = status.needAttention.prefix(Self.deviceLimit)
        var lines = [style.bold("Need attention")]
        lines += shown.map { device in
            let name = DisplayText(device.condition).padded(to: 8)
            return "  \(style.red(name)) \(device.eid)/\(device.iccid)  \(device.explanation, limit: 500)"
        }
        let rest = status.needAttentionCount - shown.count
        if rest > 0 { lines.append(style.dim("  ... and \(rest.grouped) more")) }
        return lines
    }

    private func table(_ title: DisplayText, _ rows: [String: some CustomStringConvertible]) -> [DisplayText] {
        guard !rows.isEmpty else { return [] }
        var lines = [style.bold(title)]
        lines += rows.sorted { $0.key < $1.key }.prefix(Self.rowLimit).map { row in
            "  \(DisplayText(row.key, limit: 200).padded(to: 28)) \(row.value.description, limit: 500)"
        }
        if rows.count > Self.rowLimit { lines.append(style.dim("  ... and \(rows.count - Self.rowLimit) more")) }
        return lines
    }
}
