import Reconciler

/// Complaints as compilers print them, coloured.
struct ComplaintText {
    let style: Style

    func text(_ complaints: [Complaint], leftOut: Int) -> DisplayText {
        let summary = ComplaintSummary(complaints)
        var lines = summary.shown.map { $0.rendered(paint: paint) } + summary.rests.map { DisplayText($0) }
        if leftOut > 0 { lines.append("... and \(counted(leftOut, "further complaint")), not shown") }
        return lines.joined(separator: "\n")
    }

    private func paint(_ text: DisplayText, _ part: Complaint.Part) -> DisplayText {
        switch part {
        case .place: style.bold(text)
        case .severity(.error): style.red(text)
        case .severity(.warning): style.yellow(text)
        case .message: text
        case .caret: style.green(text)
        }
    }
}
