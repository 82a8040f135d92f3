import ArgumentParser
import Foundation
import Reconciler

enum ValidateFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
    case github
    case sarif
}

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Reads manifests and shows everything that is wrong with them.",
        discussion: """
            Examples:
              profilectl validate fleet/
              profilectl validate fleet/ --strict
              profilectl validate fleet/ --format github   # in a workflow
              profilectl validate fleet/ --format sarif > profilectl.sarif
              cat fleet.yaml | profilectl validate -
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var common: CommonOptions

    @Option(help: "How the result is printed: text, json, github (annotations of a workflow) or sarif.")
    var format: ValidateFormat = .text

    func run() async throws {
        try await reporting(common) { try await validate() }
    }

    private func validate() async throws {
        let loaded = try await manifests.read()
        for note in loaded.notes { printError("note: \(note)") }
        switch format {
        case .text:
            if !loaded.complaints.isEmpty {
                try printLine(ComplaintText(style: common.output).text(loaded.complaints, leftOut: loaded.leftOut))
            }
            try printLine(verdict(on: loaded))
        case .json:
            try printJSON(ValidationDocument(loaded))
        case .github:
            let annotations = WorkflowAnnotations(loaded.complaints, root: repository, directory: directory)
            // They are escaped as commands are.
            let commands = annotations.lines.map { $0 + "\n" }.joined()
            try StandardOutput.write { try $0.bytes(Array(commands.utf8)) }
            if loaded.leftOut > 0 { try printLine("\(counted(loaded.leftOut, "further complaint")) left out.") }
            try printLine(verdict(on: loaded))
        case .sarif:
            try printJSON(
                SARIFDocument(loaded, toolVersion: profilectlVersion, root: repository, directory: directory))
        }
        if loaded.hasErrors { throw ExitCode(1) }
    }

    private func verdict(on loaded: LoadedManifest) -> DisplayText {
        let verdict = loaded.hasErrors ? common.output.red("Not valid.") : common.output.green("Valid.")
        return "\(verdict) \(counted(loaded.fleet.devices.count, "device")) in "
            + "\(counted(loaded.fleet.sets.count, "profile set")), "
            + "\(counted(loaded.errorCount, "error")), \(counted(loaded.warningCount, "warning"))."
    }

    private var directory: String { FileManager.default.currentDirectoryPath }

    /// The top folder of the repository: GitHub says it, elsewhere it is the working directory.
    private var repository: String { ProcessInfo.processInfo.environment["GITHUB_WORKSPACE"] ?? directory }
}
