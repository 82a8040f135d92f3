import ArgumentParser
import Reconciler

/// How a plan is printed.
enum PlanFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

/// Prints a plan on stdout, one that was just made or one that was saved.
struct PlanOutput {
    let plan: Plan
    let format: PlanFormat
    let style: Style
    /// Whether text lists every device, however many there are.
    var listsAll = false

    func write() throws {
        switch format {
        case .text:
            let text = PlanText(plan: plan, style: style, limit: listsAll ? .max : PlanText.page)
            try StandardOutput.write { output in try text.write { try output.line($0) } }
        case .json:
            try StandardOutput.write { output in try PlanJSON(plan).write { try output.bytes($0) } }
        }
    }
}
