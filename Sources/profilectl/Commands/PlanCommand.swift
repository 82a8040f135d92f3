import ArgumentParser
import Reconciler

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what would be done to take the fleet to its desired state.",
        discussion: """
            Nothing is changed and nobody is asked: the plan is computed from the
            manifests and the state store. With --refresh the carrier's records are
            read into the store first.

            \(SelectionOptions.discussion)
            The profiles of one eUICC are selected together.

            Examples:
              profilectl plan fleet/
              profilectl plan fleet/ --target label:site=phoenix-7
              profilectl plan fleet/ --target 'set:phoenix-*,label:site'
              profilectl plan fleet/ --exclude account:0342077109-00001
              profilectl plan fleet/ --refresh
              profilectl plan fleet/ --format markdown   # for a pull request
              profilectl plan fleet/ --format html > plan.html
              profilectl plan fleet/ --out change.plan
              profilectl plan fleet/ --detailed-exitcode   # 2 if something is to do
              profilectl plan fleet/ --against main   # what the files' change means
              profilectl plan fleet/ --against v1.0..v1.1
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var common: CommonOptions

    @OptionGroup var printed: PlanFormatArguments

    @Flag(help: "End with exit code 2 if there is something to do.")
    var detailedExitcode = false

    @Flag(help: "Plan another attempt for devices whose attempts are used up, or that need a person.")
    var retryFailed = false

    @Flag(help: "Read the carrier's records first, as `refresh` does.")
    var refresh = false

    @Option(duration: "How long the answers to --refresh are awaited (30s, 5m).")
    var refreshTimeout = Duration.seconds(300)

    @OptionGroup(title: "Lists") var lists: ListArguments
    @OptionGroup(title: "Settings") var overrides: SettingsOverrides

    @Option(
        help: ArgumentHelp("Write the plan to a file, to be reviewed.", valueName: "file"), completion: .file())
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Compare the manifests with those of a git revision (or REF..REF), without any state.", valueName: "ref"))
    var against: String?

    func validate() throws {
        guard against != nil else { return }
        guard out == nil, !retryFailed, !refresh else {
            throw ValidationError(
                "--against looks at no state: there is no plan for --out, --retry-failed or --refresh.")
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
            let settings = lists.applied(to: overrides.applied(to: try common.settings()))
            if !settings.hasStore, !refresh {
                printError("\(settings.missingStore) This plan takes every device for never seen.")
            }
            let refreshed = refresh ? try await refreshed(settings) : nil
            let plan = try await PlanSession(settings: settings).plan(
                retryFailed: retryFailed, onWait: { printError("\($0)") }
            ) {
                [manifests, common, selection] in
                if let refreshed { return try selection.applied(to: refreshed) }
                return try selection.applied(to: try await manifests.load(common))
            }
            // Before anything is printed: who reads that may stop reading.
            if let out { try PlanFile.write(plan, to: out, toolVersion: profilectlVersion) }
            try PlanOutput(plan: plan, format: printed.format, style: common.output, listsAll: printed.all).write()
            if detailedExitcode, !plan.actions.isEmpty { throw ExitCode(2) }
        }
    }

    /// Reads the records of the fleet's accounts.
    /// - Returns: the fleet.
    /// - Throws: `ExitCode` if they could not all be read: a plan would look as if they had been.
    private func refreshed(_ settings: Settings) async throws -> DesiredFleet {
        let fleet = try await manifests.load(common)
        let refreshing = Refreshing(
            settings: settings, common: common, command: "plan --refresh", timeout: refreshTimeout,
            retriesSignIn: overrides.retrySignIn)
        let report = try await refreshing.run(RefreshScope(fleet))
        guard report.isWhole else {
            RefreshReportText(report: report, style: common.errorOutput).lines().forEach { printError($0) }
            printError("No plan is shown; without --refresh it is computed from what is known.", .error)
            throw ExitCode(report.exitCode)
        }
        return fleet
    }
}
