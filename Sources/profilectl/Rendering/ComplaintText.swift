import Reconciler

/// Complaints as compilers print them: place, severity, message, the line with a caret.
struct ComplaintText {
    let style: Style

    func text(_ complaints: [Complaint], leftOut: Int) -> String {
        var lines = complaints.map(text)
        if leftOut > 0 { lines.append("... and \(counted(leftOut, "further complaint")), not shown") }
        return lines.joined(separator: "\n")
    }

    private func text(_ complaint: Complaint) -> String {
        let severity = complaint.severity == .error ? style.red("error") : style.yellow("warning")
        let place = complaint.place.map { style.bold("\($0):") + " " } ?? ""
        var text = "\(place)\(severity): \(complaint.message)"
        if let excerpt = complaint.excerpt {
            text += "\n    \(excerpt.line)\n    \(style.green(excerpt.caret))"
        }
        return text
    }
}
