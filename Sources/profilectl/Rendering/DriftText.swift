import Reconciler

/// The devices that have moved away from what they had reached, as a section of a plan's text.
struct DriftText {
    let drifts: ContiguousArray<Drift>
    let style: Style
    /// How many devices are listed, at most.
    let limit: Int

    /// - Parameter line: given the text line by line; nothing if there is no drift.
    func write(to line: (String) throws -> Void) rethrows {
        guard !drifts.isEmpty else { return }
        try line(style.bold("Drift") + style.dim("  (reached before, and changed since by somebody else)"))
        for drift in drifts.prefix(limit) { try line("  " + text(of: drift)) }
        if drifts.count > limit {
            try line(style.dim("    ... and \(drifts.count - limit) more (--all lists them)"))
        }
        try line("")
    }

    private func text(of drift: Drift) -> String {
        let seen = drift.lastSeenAsDesired.map { " (seen so until \($0))" } ?? ""
        let word = drift.profileStatus.map { " (\($0))" } ?? ""
        let since = drift.since.map { " since \($0)" } ?? ""
        return
            "\(style.red("!")) \(drift.key)  was \(drift.was.rawValue)\(seen), is \(drift.isNow.name)\(word)\(since), "
            + drift.cause
    }
}
