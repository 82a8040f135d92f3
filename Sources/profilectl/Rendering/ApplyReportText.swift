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
            (report.moved.count, "moved"),
        ] where count > 0 {
            parts.append("\(count) \(name)")
        }
        parts += report.waves.map(text)
        if let pause = report.pause {
            let reason = pause.reason.isEmpty ? "" : " (\(pause.reason))"
            parts.append("paused by \(pause.by)\(reason)")
        }
        parts += report.closedWindows.map {
            "profile set \($0.profileSet) waits for its window, which opens at \($0.opening)"
        }
        return parts.joined(separator: ", ")
    }

    /// Which wave is under way, how full it is, and what it waits for.
    private func text(_ wave: ApplyReport.Wave) -> String {
        let landing =
            wave.toLand == 0
            ? ""
            : wave.released < wave.limit
                ? ", \(wave.toLand) to land"
                : ", waits for \(wave.toLand) to land"
        return "\(wave.profileSet) in wave \(wave.number) of \(wave.count) (\(wave.name)): "
            + "\(wave.released) of \(wave.limit) let out\(landing)"
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
        lines += MovedDevicesText(devices: report.moved, style: style).lines()
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
            report.exceptions.isEmpty && report.moved.isEmpty
                ? style.green("Converged.") : style.yellow("Done as far as possible.")
        case .asked: style.green("Asked for; not waited.")
        case .timedOut: style.yellow("Not converged in time; a later run goes on from here.")
        case .outsideWindows: style.yellow("Outside the maintenance windows; a later run goes on from here.")
        case .interrupted: style.yellow("Stopped; a later run goes on from here.")
        case .stopped(let reason): style.red("Stopped: ") + reason + "\n"
        case .heldUp(let reasons):
            style.yellow("Held up: ") + reasons.joined(separator: " ") + " Apply the whole set to go on.\n"
        case .aborted(let reasons):
            reasons.map { style.red("Roll-out given up: ") + $0 + "\n" }.joined()
        }
    }
}
