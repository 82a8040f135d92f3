import ArgumentParser
import Reconciler

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a saved plan again, as it was when it was made.",
        discussion: """
            Neither the manifests nor the state store are looked at. A file that was
            edited or cut short is refused.

            Examples:
              profilectl show change.plan
              profilectl show change.plan --format html > change.html
            """)

    @Argument(help: "A file that `plan --out` has written.")
    var planFile: String

    @OptionGroup var common: CommonOptions

    @OptionGroup var printed: PlanFormatArguments

    func run() async throws {
        try await reporting(common) {
            let saved = try PlanFile.read(planFile)
            if printed.format == .text {
                try printLine(SavedPlanText(saved: saved, style: common.output).heading)
            }
            let output = PlanOutput(
                plan: saved.plan, format: printed.format, style: common.output, listsAll: printed.all,
                toolVersion: saved.toolVersion)
            try output.write()
        }
    }
}
