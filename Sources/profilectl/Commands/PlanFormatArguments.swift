import ArgumentParser
import Reconciler

enum PlanFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case markdown
    case html
}

/// How a plan is printed.
struct PlanFormatArguments: ParsableArguments {
    @Option(help: "How the plan is printed: text, json, markdown (for a comment on a pull request) or html (one page).")
    var format: PlanFormat = .text

    @Flag(help: "List every device as text, however many there are.")
    var all = false

    /// Prints a plan on stdout.
    func write(_ plan: Plan, style: Style) throws {
        try StandardOutput.write { output in
            switch format {
            case .text:
                try PlanText(plan: plan, style: style, limit: all ? .max : PlanText.page).write { try output.line($0) }
            case .json:
                try PlanJSON(plan).write { try output.bytes($0) }
            case .markdown:
                try output.bytes(Array(PlanMarkdown(plan, toolVersion: profilectlVersion).text().utf8))
            case .html:
                try PlanPage(plan, toolVersion: profilectlVersion).write { try output.bytes($0) }
            }
        }
    }
}
