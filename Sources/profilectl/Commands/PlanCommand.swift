import ArgumentParser
import Reconciler

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
              profilectl plan fleet/ --against main   # what the files' change means
              profilectl plan fleet/ --against v1.0..v1.1
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

    @Option(
        help: ArgumentHelp(
            "Compare the manifests with those of a git revision (or REF..REF), without any state.", valueName: "ref"))
    var against: String?

    func validate() throws {
        guard against != nil else { return }
        guard out == nil, !retryFailed else {
            throw ValidationError("--against looks at no state: there is no plan for --out or --retry-failed.")
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
                [manifests, common, selection] in try selection.applied(to: try await manifests.load(common))
            }
            // Before anything is printed: who reads that may stop reading.
            if let out { try PlanFile.write(plan, to: out, toolVersion: profilectlVersion) }
            try PlanOutput(plan: plan, format: format, style: common.output, listsAll: all).write()
            if detailedExitcode, !plan.actions.isEmpty { throw ExitCode(2) }
        }
    }
}
