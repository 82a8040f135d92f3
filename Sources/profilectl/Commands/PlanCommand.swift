import ArgumentParser
import Reconciler

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what would be done to take the fleet to its desired state.",
        discussion: """
            Nothing is changed and nobody is asked: the plan is computed from the manifests and the state store.

            Examples:
              profilectl plan fleet/
              profilectl plan fleet/ --format markdown     # for a comment on a pull request
              profilectl plan fleet/ --format html > plan.html
              profilectl plan fleet/ --out change.plan
              profilectl plan fleet/ --detailed-exitcode   # exit code 2 if there is something to do
              profilectl plan fleet/ --against main        # what the change of the files means, without any state
              profilectl plan fleet/ --against v1.0..v1.1
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var common: CommonOptions

    @OptionGroup var printed: PlanFormatArguments

    @Flag(help: "End with exit code 2 if there is something to do.")
    var detailedExitcode = false

    @Flag(help: "Plan another attempt for devices whose attempts are used up, or that need a person.")
    var retryFailed = false

    @Option(help: ArgumentHelp("Write the plan to a file, to be reviewed.", valueName: "file"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Compare the manifests with those of a git revision (or REF..REF), without any state.", valueName: "ref"))
    var against: String?

    func validate() throws {
        guard against != nil else { return }
        guard out == nil, !retryFailed else {
            throw ValidationError("--against looks at no state: there is no plan for --out or --retry-failed.")
        }
        guard [.text, .json].contains(printed.format) else {
            throw ValidationError("--against compares as text or json.")
        }
        guard !manifests.paths.contains("-") else {
            throw ValidationError("--against compares files and folders; `-` has no earlier revision.")
        }
    }

    func run() async throws {
        try await reporting(common) {
            if let against { return try await compare(against) }
            let settings = try common.settings()
            let plan = try await PlanSession(settings: settings).plan(retryFailed: retryFailed) {
                [manifests, common] in try await manifests.load(common)
            }
            // Before anything is printed: who reads that may stop reading.
            if let out { try PlanFile.write(plan, to: out, toolVersion: profilectlVersion) }
            try PlanOutput(plan: plan, format: printed.format, style: common.output, listsAll: printed.all).write()
            if detailedExitcode, !plan.actions.isEmpty { throw ExitCode(2) }
        }
    }
}
