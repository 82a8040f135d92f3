import ArgumentParser
import Reconciler

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a saved plan again, as it was when it was made.",
        discussion: """
            Neither the manifests nor the state store are looked at. A file that was edited or cut short is refused.

            Examples:
              profilectl show change.plan
              profilectl show change.plan --format json
            """)

    @Argument(help: "A file that `plan --out` has written.")
    var planFile: String

    @OptionGroup var common: CommonOptions

    @Option(help: "How the plan is printed: text or json.")
    var format: PlanFormat = .text

    @Flag(help: "List every device, however many there are.")
    var all = false

    func run() async throws {
        try await reporting(common) {
            let saved = try PlanFile.read(planFile)
            if format == .text { print(SavedPlanText(saved: saved, style: common.output).heading) }
            try PlanOutput(plan: saved.plan, format: format, style: common.output, listsAll: all).write()
        }
    }
}
