import ArgumentParser
import Reconciler

enum PlanFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what would be done to take the fleet to its desired state.",
        discussion: """
            Nothing is changed and nobody is asked: the plan is computed from the
            manifests and the state store.

            \(SelectionOptions.discussion)
            The profiles of one eUICC are selected together.

            Examples:
              profilectl plan fleet/
              profilectl plan fleet/ --target label:site=phoenix-7
              profilectl plan fleet/ --target 'set:phoenix-*,label:site'
              profilectl plan fleet/ --exclude account:0342077109-00001
              profilectl plan fleet/ --format json
              profilectl plan fleet/ --out change.plan
              profilectl plan fleet/ --detailed-exitcode   # 2 if something is to do
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var common: CommonOptions

    @Option(help: "How the plan is printed: text or json.")
    var format: PlanFormat = .text

    @Flag(help: "List every device, however many there are.")
    var all = false

    @Flag(help: "End with exit code 2 if there is something to do.")
    var detailedExitcode = false

    @Flag(help: "Plan another attempt for devices whose attempts are used up, or that need a person.")
    var retryFailed = false

    @Option(
        help: ArgumentHelp("Write the plan to a file, to be reviewed.", valueName: "file"), completion: .file())
    var out: String?

    func run() async throws {
        try await reporting(common) {
            let settings = try common.settings()
            let plan = try await PlanSession(settings: settings).plan(retryFailed: retryFailed) {
                [manifests, common, selection] in try selection.applied(to: try await manifests.load(common))
            }
            // Before anything is printed: who reads that may stop reading.
            if let out { try PlanFile.write(plan, to: out, toolVersion: profilectlVersion) }
            switch format {
            case .text:
                let text = PlanText(plan: plan, style: common.output, limit: all ? .max : PlanText.page)
                try StandardOutput.write { output in try text.write { try output.line($0) } }
            case .json:
                try StandardOutput.write { output in try PlanJSON(plan).write { try output.bytes($0) } }
            }
            if detailedExitcode, !plan.actions.isEmpty { throw ExitCode(2) }
        }
    }
}
