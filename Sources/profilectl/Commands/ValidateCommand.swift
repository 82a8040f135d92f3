import ArgumentParser
import Reconciler

enum ValidateFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Reads manifests and shows everything that is wrong with them.",
        discussion: """
            Examples:
              profilectl validate fleet/
              profilectl validate fleet/ --strict
              cat fleet.yaml | profilectl validate -
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var common: CommonOptions

    @Option(help: "How the result is printed: text or json.")
    var format: ValidateFormat = .text

    func run() async throws {
        let loaded = try await manifests.read()
        switch format {
        case .text:
            if !loaded.complaints.isEmpty {
                print(ComplaintText(style: common.output).text(loaded.complaints, leftOut: loaded.leftOut))
            }
            let verdict = loaded.hasErrors ? common.output.red("Not valid.") : common.output.green("Valid.")
            print(
                "\(verdict) \(counted(loaded.fleet.devices.count, "device")) in "
                    + "\(counted(loaded.fleet.sets.count, "profile set")), "
                    + "\(counted(loaded.errorCount, "error")), \(counted(loaded.warningCount, "warning")).")
        case .json:
            try printJSON(ValidationDocument(loaded))
        }
        if loaded.hasErrors { throw ExitCode(1) }
    }
}
