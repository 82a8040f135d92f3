import Reconciler

/// The devices that have moved away from what they had reached, as a section of a plan's text.
struct DriftText {
    let drifts: ContiguousArray<Drift>
    let style: Style
    /// How many devices are listed, at most.
    let limit: Int

    /// - Parameter line: given the text line by line; nothing if there is no drift.
    func write(to line: (DisplayText) throws -> Void) rethrows {
        guard !drifts.isEmpty else { return }
        try line(style.bold("Drift") + style.dim("  (\(Drift.meaning))"))
        for drift in drifts.prefix(limit) { try line("  \(style.red("!")) \(drift.key)  \(drift.story)") }
        if drifts.count > limit {
            try line(style.dim("    ... and \((drifts.count - limit).grouped) more (--all lists them)"))
        }
    }
}
