import Reconciler

/// Complaints as compilers print them, coloured.
struct ComplaintText {
    let style: Style

    func text(_ complaints: [Complaint], leftOut: Int) -> String {
        let summary = ComplaintSummary(complaints)
        var lines = summary.shown.map { $0.rendered(paint: paint) } + summary.rests
        if leftOut > 0 { lines.append("... and \(counted(leftOut, "further complaint")), not shown") }
        return lines.joined(separator: "\n")
    }

    private func paint(_ text: String, _ part: Complaint.Part) -> String {
        switch part {
        case .place: style.bold(text)
        case .severity(.error): style.red(text)
        case .severity(.warning): style.yellow(text)
        case .message: text
        case .caret: style.green(text)
        }
    }
}
