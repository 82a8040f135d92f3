import ArgumentParser
import Foundation
import Reconciler

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Writes the YAML of what accounts have today.",
        discussion: """
            Reads the carrier's records as `refresh` does, and writes each device whose
            profile is downloaded as it is: `plan` then finds nothing to do. Devices that
            cannot be declared as they are (nothing is downloaded, the line is out of
            service, nobody knows) are left out and named in comments. Nothing is changed
            at the carrier, and no file is overwritten without --force.

            Examples:
              profilectl import --account 0342077109-00001 > fleet.yaml
              profilectl import --account 0342077109-00001 --into fleet/ --split-by label
              profilectl import --account 0342077109-00001 --into fleet/
            """)

    @OptionGroup var accounts: AccountOptions

    @Option(help: ArgumentHelp("The SM-SR of devices of which no list tells it.", valueName: "oid"))
    var smsr: String?

    @Option(help: ArgumentHelp("Write files into this folder rather than to standard output.", valueName: "folder"))
    var into: String?

    @Option(
        help: ArgumentHelp(
            "How devices are spread over files; `label` is by the carrier's groups.", valueName: "what")
    )
    var splitBy: ImportSplit = .account

    @Flag(help: "Replace files that hold something else.")
    var force = false

    @Option(duration: "How long the answers are awaited (30s, 5m).")
    var timeout = Duration.seconds(300)

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Lists") var lists: ListArguments
    @OptionGroup(title: "Settings") var overrides: SettingsOverrides

    func validate() throws {
        guard !accounts.names.isEmpty else { throw ValidationError("Name an account with --account.") }
    }

    func run() async throws {
        try await reporting(common) {
            let settings = lists.applied(to: overrides.applied(to: try common.settings()))
            let smsr = try smsr.map { text in
                guard let smsr = SmsrOid(checked: text) else {
                    throw SettingsError("`\(text)` is no object identifier of an SM-SR, such as 1.3.6.1.4.1.31746.1.")
                }
                return smsr
            }
            let refreshing = Refreshing(
                settings: settings, common: common, command: "import", timeout: timeout,
                retriesSignIn: overrides.retrySignIn)
            let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
            let session = ImportSession(
                settings: settings, carrierCredentials: try secrets.carrierCredentials(),
                callbackCredentials: try secrets.callbackCredentials(), store: try await settings.openStore(),
                options: refreshing.options, command: "import", retriesSignIn: refreshing.retriesSignIn,
                clock: SystemClock(), logger: common.logger())
            let outcome = try await refreshing.showing(stop: session.stop) { [accounts, splitBy] progress in
                try await session.read(accounts.names, smsr: smsr, split: splitBy, progress: progress)
            }
            let text = ImportText(outcome: outcome, style: common.errorOutput)
            guard outcome.report.isWhole else {
                text.problems().forEach { printError($0, .error) }
                throw ExitCode(outcome.report.exitCode)
            }
            if let into {
                let written = try ImportFiles.write(outcome.documents, into: into, overwrites: force)
                try printLines(text.files(written))
            } else {
                let documents = outcome.documents.map(\.text).joined(separator: "---\n")
                try StandardOutput.write { try $0.bytes(Array(documents.utf8)) }
            }
            try await session.noteDeclared(outcome)
            text.summary().forEach { printError($0) }
        }
    }
}

extension ImportSplit: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }

    public static var allValueStrings: [String] { ["account", "label", "label:KEY"] }

    public var defaultValueDescription: String { "account" }
}
