import Reconciler

/// What a plan is printed as.
enum PlanFormat: String, CaseIterable {
    case text
    case json
    case markdown
    case html
}

/// Prints a plan on stdout, one that was just made or one that was saved.
struct PlanOutput {
    let plan: Plan
    let format: PlanFormat
    let style: Style
    /// Whether text lists every device, however many there are.
    var listsAll = false
    /// Of the program that has made the plan.
    var toolVersion = profilectlVersion

    func write() throws {
        try StandardOutput.write { output in
            switch format {
            case .text:
                let text = PlanText(plan: plan, style: style, limit: listsAll ? .max : PlanText.page)
                try text.write { try output.line($0) }
            case .json:
                try PlanJSON(plan).write { try output.bytes(VisibleJSON.bytes($0)) }
            case .markdown:
                try output.bytes(Array(PlanMarkdown(plan, toolVersion: toolVersion).text().utf8))
            case .html:
                try PlanPage(plan, toolVersion: toolVersion).write { try output.bytes($0) }
            }
        }
    }
}
