import Reconciler

/// How far a run has come, and how it ended, as text.
struct ApplyReportText {
    let report: ApplyReport
    let style: Style

    /// One line for the running numbers.
    var line: String {
        var parts = ["\(report.converged)/\(report.total) as desired"]
        for (count, name) in [
            (report.queued, "to send"), (report.inFlight, "in flight"), (report.enablePending, "enabling pending"),
            (report.waiting, "waiting"), (report.failed, "failed"), (report.held, "held"), (report.blocked, "blocked"),
        ] where count > 0 {
            parts.append("\(count) \(name)")
        }
        parts += report.waves.map { "\($0.profileSet) in wave \($0.number) of \($0.count)" }
        if let pause = report.pause {
            let reason = pause.reason.isEmpty ? "" : " (\(pause.reason))"
            parts.append("paused by \(pause.by)\(reason)")
        }
        return parts.joined(separator: ", ")
    }

    func summary() -> String {
        var lines: [String] = [""]
        for remark in report.remarks { lines.append(style.yellow("note: ") + remark) }
        let limit = 25
        for exception in report.exceptions.prefix(limit) {
            let name = exception.reason.name.padded(to: 8)
            lines.append("\(style.red(name)) \(exception.key)  \(exception.reason.explanation)")
        }
        if report.exceptions.count > limit {
            lines.append(style.dim("... and \(report.exceptions.count - limit) more; `profilectl status` shows them."))
        }
        lines.append(verdict + " " + line + ", \(counted(report.requests, "request")) sent.")
        if !events.isEmpty { lines.append(style.dim("On the way: \(events).")) }
        return lines.joined(separator: "\n")
    }

    private var events: String {
        let counted: [(StateEvent.Kind, String)] = [
            (.succeeded, "succeeded"), (.enablePending, "warned first"), (.failed, "failed attempts"),
            (.lookedUp, "looked up"), (.outcomeUnknown, "of unknown outcome"), (.overdue, "overdue"),
            (.observed, "changed elsewhere"),
        ]
        return counted.compactMap { kind, name in report.events[kind].map { "\($0) \(name)" } }.joined(separator: ", ")
    }

    private var verdict: String {
        switch report.ending {
        case .running, .settled:
            report.exceptions.isEmpty ? style.green("Converged.") : style.yellow("Done as far as possible.")
        case .asked: style.green("Asked for; not waited.")
        case .timedOut: style.yellow("Not converged in time; a later run goes on from here.")
        case .interrupted: style.yellow("Stopped; a later run goes on from here.")
        case .stopped(let reason): style.red("Stopped: ") + reason + "\n"
        case .heldUp(let reasons):
            style.yellow("Held up: ") + reasons.joined(separator: " ") + " Apply the whole set to go on.\n"
        case .aborted(let reasons):
            reasons.map {
                style.red("Roll-out given up: ") + $0
                    + " Look at what failed; `profilectl resume` lets the rest go on.\n"
            }.joined()
        }
    }
}
