import Reconciler

/// The fleet in numbers, as text.
struct FleetStatusText {
    let status: FleetStatus
    let style: Style

    func lines() -> [String] {
        let devices = style.bold(counted(status.devices, "device"))
        var lines = [status.ofDevices.map { "\(devices) of \($0) known ones selected" } ?? devices + " known"]
        lines += table("Profiles", status.profiles)
        lines += table("Operations that are open or failed", status.operations)
        lines += table("In doubt, to be looked up", status.inDoubt)
        lines += table("Callbacks", status.callbacks)
        lines += table("Callbacks refused", status.counters.mapValues { Int($0) })
        lines += table("Roll-outs under way", status.rollouts)
        lines += table("Paused", status.pauses)
        for signIn in status.signIns {
            if let since = signIn.stoppedSince {
                lines.append(style.red("Sign-in is stopped") + " since \(since) (\(signIn.credential)).")
                lines.append("  " + (signIn.explanation ?? ""))
            } else {
                lines.append(
                    style.yellow("Sign-in refused") + " \(counted(signIn.refusals, "time")), last at \(signIn.at) "
                        + "(\(signIn.credential)).")
            }
        }
        for run in status.runs {
            let does =
                run.profileSets.isEmpty ? "Reading now" : "Acting now on \(run.profileSets.joined(separator: ", "))"
            lines.append("\(does): \(run.owner)")
        }
        if !status.latestRuns.isEmpty { lines.append(style.bold("Latest runs")) }
        lines += status.latestRuns.map { run in
            let commit = run.commit.map { ", commit \($0.prefix(12))" } ?? ""
            let detail = commit + (run.detail.map { ", \($0)" } ?? "")
            return "  \(run.startedAt)  \("\(run.command) (\(run.number))".padded(to: 14)) by \(run.person): "
                + "\(run.ending ?? "no end was written down")\(detail)".visible
        }
        return lines
    }

    private func table(_ title: String, _ rows: [String: some CustomStringConvertible]) -> [String] {
        guard !rows.isEmpty else { return [] }
        return [style.bold(title)]
            + rows.sorted { $0.key < $1.key }.map { "  \($0.key.padded(to: 28)) \($0.value)" }
    }
}
