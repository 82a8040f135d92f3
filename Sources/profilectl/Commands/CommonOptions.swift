import ArgumentParser
import Foundation
import Logging
import Reconciler

extension ColorChoice: ExpressibleByArgument {}
extension ApplyOptions.Verification: ExpressibleByArgument {}
extension RegistrationMode: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}

enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

/// The options that every command knows.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The settings file (profilectl.yaml, if there is one).", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The state store, sqlite:PATH.", valueName: "location"))
    var state: String?

    @Option(help: "How much is logged to stderr: trace, debug, info, notice, warning, error, critical.")
    var logLevel: Logger.Level = .warning

    @Option(help: "How it is logged: text or json.")
    var logFormat: LogFormat = .text

    @Option(help: "When output is coloured: auto, always or never.")
    var color: ColorChoice = .auto

    /// The settings, with the options over them.
    func settings() throws -> Settings {
        var settings = try Settings.load(path: config, environment: ProcessInfo.processInfo.environment)
        settings.state = state ?? settings.state
        return settings
    }

    func logger() -> Logger {
        var logger = Logger(label: "profilectl") { [logFormat] _ in StandardErrorLog(format: logFormat) }
        logger.logLevel = logLevel
        return logger
    }

    var output: Style { Style(color, descriptor: 1) }
    var errorOutput: Style { Style(color, descriptor: 2) }
}

/// The manifests that a command reads.
struct ManifestArguments: ParsableArguments {
    @Argument(help: "YAML files, directories of them, or - for standard input.")
    var paths: [String]

    @Flag(help: "Take warnings (check digits, lengths) for errors.")
    var strict = false

    /// Reads the manifests and prints what is wrong with them.
    /// - Throws: `ExitCode(1)` if there are errors.
    func load(_ common: CommonOptions, showWarnings: Bool = false) async throws -> DesiredFleet {
        try await Self.load(paths, strict: strict, common, showWarnings: showWarnings)
    }

    static func load(
        _ paths: [String], strict: Bool, _ common: CommonOptions, showWarnings: Bool = false
    ) async throws -> DesiredFleet {
        let loaded = await ManifestLoader(isStrict: strict).load(paths)
        let shown = loaded.complaints.filter { showWarnings || $0.severity == .error }
        if !shown.isEmpty {
            printError(ComplaintText(style: common.errorOutput).text(shown, leftOut: loaded.leftOut))
        }
        if !showWarnings, !loaded.hasErrors, loaded.warningCount > 0 {
            printError(
                "\(counted(loaded.warningCount, "warning")) about the manifests; `profilectl validate` shows them.")
        }
        guard !loaded.hasErrors else { throw ExitCode(1) }
        return loaded.fleet
    }
}

/// Writes a line to stderr.
func printError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Runs a command's work; an error becomes a sentence on stderr and the exit code of the contract.
func reporting(_ common: CommonOptions, _ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let code as ExitCode {
        throw code
    } catch let error as RunLockHeld {
        printError(common.errorOutput.red("error: ") + error.description)
        throw ExitCode(5)
    } catch {
        printError(common.errorOutput.red("error: ") + "\(error)")
        throw ExitCode(1)
    }
}
