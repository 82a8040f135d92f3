import ArgumentParser
import Foundation
import Reconciler

struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Reads the carrier's records into the known state.",
        discussion: """
            Nothing is changed at the carrier. The v1 list tells which devices there are
            and whether their lines are active; the v2 lists, one for each profile status,
            tell how the profiles are and answer by callback. A list that does not come
            changes nothing. A device about which lists contradict each other is held.
            Lists by which many of the known devices would be gone are not believed.

            Exit codes: 0 everything was read; 1 a list cannot be had; 3 some devices are
            held, or seem to be gone; 4 a list did not come in time; 130 Ctrl-C. It may run
            beside `apply`.

            Examples:
              profilectl refresh fleet/
              profilectl refresh --account 0342077109-00001
              profilectl refresh fleet/ --only-declared --timeout 10m
              profilectl refresh fleet/ --no-v2
            """)

    @OptionGroup var accounts: AccountArguments

    @Flag(help: "Take warnings (check digits, lengths) for errors.")
    var strict = false

    @Flag(help: "Ask for the declared devices only, 50 in a request, and not for whole accounts.")
    var onlyDeclared = false

    @Flag(help: "Believe lists by which many of the known devices are gone.")
    var allowLargeChange = false

    @Option(duration: "How long the answers are awaited (30s, 5m).")
    var timeout = Duration.seconds(300)

    @Option(help: "How the result is printed: text or json.")
    var format: OutputFormat = .text

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Lists") var lists: ListArguments
    @OptionGroup(title: "Settings") var overrides: SettingsOverrides

    func validate() throws {
        guard !onlyDeclared || !accounts.paths.isEmpty else {
            throw ValidationError("--only-declared needs manifests that declare devices.")
        }
    }

    func run() async throws {
        try await reporting(common) {
            let settings = lists.applied(to: overrides.applied(to: try common.settings()))
            let scope = try await accounts.scope(common, isStrict: strict, isLimitedToDeclared: onlyDeclared)
            let report = try await Refreshing(
                settings: settings, common: common, command: "refresh", timeout: timeout,
                retriesSignIn: overrides.retrySignIn, allowsLargeChange: allowLargeChange
            ).run(scope)
            switch format {
            case .text: try printLines(RefreshReportText(report: report, style: common.output).lines())
            case .json: try printJSON(RefreshDocument(report))
            }
            if report.exitCode != 0 { throw ExitCode(report.exitCode) }
        }
    }
}
