import Reconciler

/// How far a run has come, and how it ended, as text.
struct ApplyReportText {
    let report: ApplyReport
    let style: Style

    /// One line for the running numbers.
    var line: DisplayText {
        var parts: [DisplayText] = ["\(report.converged)/\(report.total) as desired"]
        for (count, name) in [
            (report.queued, "to send"), (report.inFlight, "in flight"), (report.enablePending, "enabling pending"),
            (report.waiting, "waiting"), (report.failed, "failed"), (report.held, "held"), (report.blocked, "blocked"),
            (report.moved.count, "moved"),
        ] where count > 0 {
            parts.append("\(count) \(name)")
        }
        parts += report.waves.map(text)
        if let pause = report.pause {
            let reason: DisplayText = pause.reason.isEmpty ? "" : " (\(pause.reason, limit: 200))"
            parts.append("paused by \(pause.by)\(reason)")
        }
        parts += report.closedWindows.map { window in
            "profile set \(window.profileSet) waits for its window, which opens at \(window.opening)"
        }
        if report.unchanged > 0 { parts.append("\(report.unchanged.grouped) others needed no change") }
        return parts.joined(separator: ", ")
    }

    /// Which wave is under way, how full it is, and what it waits for.
    private func text(_ wave: ApplyReport.Wave) -> DisplayText {
        let landing: DisplayText =
            wave.toLand == 0
            ? ""
            : wave.released < wave.limit
                ? ", \(wave.toLand) to land"
                : ", waits for \(wave.toLand) to land"
        return "\(wave.profileSet) in wave \(wave.number) of \(wave.count) (\(wave.name, limit: 100)): "
            + "\(wave.released) of \(wave.limit) let out\(landing)"
    }

    func lines() -> [DisplayText] {
        var lines: [DisplayText] = [""]
        for remark in report.remarks { lines.append(style.yellow("note: ") + DisplayText(remark)) }
        let limit = 25
        for exception in report.exceptions.prefix(limit) {
            let name = DisplayText(exception.reason.name).padded(to: 8)
            lines.append("\(style.red(name)) \(exception.key)  \(exception.reason.explanation)")
        }
        if report.exceptions.count > limit {
            lines.append(style.dim("... and \(report.exceptions.count - limit) more; `profilectl status` lists them."))
        }
        lines += MovedDevicesText(devices: report.moved, style: style).lines()
        lines.append(verdict + " " + line + ", \(counted(report.requests, "request")) sent.")
        if !events.isEmpty { lines.append(style.dim("On the way: \(events).")) }
        return lines
    }

    private var events: DisplayText {
        let counted: [(StateEvent.Kind, String)] = [
            (.succeeded, "succeeded"), (.enablePending, "warned first"), (.failed, "failed attempts"),
            (.lookedUp, "looked up"), (.outcomeUnknown, "of unknown outcome"), (.overdue, "overdue"),
            (.observed, "changed elsewhere"),
        ]
        return counted.compactMap { kind, name -> DisplayText? in
            guard let count = report.events[kind] else { return nil }
            return "\(count) \(name)"
        }.joined(separator: ", ")
    }

    private var verdict: DisplayText {
        switch report.ending {
        case .running, .settled:
            report.exceptions.isEmpty && report.moved.isEmpty
                ? style.green("Converged.") : style.yellow("Done as far as possible.")
        case .asked: style.green("Asked for; not waited.")
        case .timedOut: style.yellow("Not converged in time; a later run goes on from here.")
        case .outsideWindows: style.yellow("Outside the maintenance windows; a later run goes on from here.")
        case .interrupted: style.yellow("Stopped; a later run goes on from here.")
        case .stopped(let reason): style.red("Stopped: ") + "\(reason)\n"
        case .heldUp(let reasons):
            style.yellow("Held up: ") + reasons.map { DisplayText($0) }.joined(separator: " ")
                + " Apply the whole set to go on.\n"
        case .aborted(let reasons):
            reasons.map { style.red("Roll-out given up: ") + "\($0)\n" }.joined(separator: "")
        }
    }
}
