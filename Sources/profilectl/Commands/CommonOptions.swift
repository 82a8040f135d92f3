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
    @Option(
        help: ArgumentHelp("The settings file (profilectl.yaml, if there is one).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
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
    @Argument(
        help: "YAML files, directories of them, or - for standard input.",
        completion: .file(extensions: ["yaml", "yml"]))
    var paths: [String]

    @Flag(help: "Take warnings (check digits, lengths) for errors.")
    var strict = false

    init() {}

    init(paths: [String], strict: Bool) {
        self.paths = paths
        self.strict = strict
    }

    /// Reads the manifests and prints what is wrong with them.
    /// - Throws: `ExitCode(1)` if there are errors.
    func load(_ common: CommonOptions) async throws -> DesiredFleet {
        try Self.check(try await read(), common)
    }

    static func load(_ paths: [String], isStrict: Bool, _ common: CommonOptions) async throws -> DesiredFleet {
        try check(try await read(paths, isStrict: isStrict), common)
    }

    /// Reads the manifests, whatever is wrong with them.
    /// - Throws: `ValidationError` if one of them is a saved plan.
    func read() async throws -> LoadedManifest { try await Self.read(paths, isStrict: strict) }

    private static func read(_ paths: [String], isStrict: Bool) async throws -> LoadedManifest {
        if let plan = paths.first(where: { PlanFile.isPlan($0) }) {
            throw ValidationError(
                "`\(plan)` is a saved plan, not a manifest. `profilectl show` shows it, `profilectl apply` carries it out."
            )
        }
        return await ManifestLoader(isStrict: isStrict).load(paths)
    }

    /// Prints what is wrong with manifests.
    ///
    /// - Parameter origin: where they are from, if not from the files as they are.
    /// - Throws: `ExitCode(1)` if there are errors.
    static func check(
        _ loaded: LoadedManifest, _ common: CommonOptions, of origin: String? = nil
    ) throws -> DesiredFleet {
        let shown = loaded.complaints.filter { $0.severity == .error }
        if !shown.isEmpty {
            if let origin { printError("In \(origin):") }
            printError(ComplaintText(style: common.errorOutput).text(shown, leftOut: loaded.leftOut))
        }
        if !loaded.hasErrors, loaded.warningCount > 0 {
            printError(
                "\(counted(loaded.warningCount, "warning")) about the manifests; `profilectl validate` shows them.")
        }
        guard !loaded.hasErrors else { throw ExitCode(1) }
        return loaded.fleet
    }
}

/// Writes to stderr, if that is possible: what cannot be told, on a full disk for one, must not end the work.
func writeToStandardError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

/// Writes a line to stderr.
func printError(_ text: String) {
    writeToStandardError(text + "\n")
}

/// Copies logs into their stores. What was committed is on the disk in any case, so that this fails no command.
private func leaveStoresWhole() async {
    for problem in await StateLocation.copyLogs() { printError(problem) }
}

/// Runs a command's work; an error becomes a sentence on stderr and the exit code of the contract.
func reporting(_ common: CommonOptions, _ work: () async throws -> Void) async throws {
    do {
        do {
            try await work()
        } catch {
            await leaveStoresWhole()
            throw error
        }
        await leaveStoresWhole()
    } catch let code as ExitCode {
        throw code
    } catch let error as ValidationError {
        throw error
    } catch let error as RunLockHeld {
        printError(common.errorOutput.red("error: ") + error.description)
        throw ExitCode(5)
    } catch {
        printError(common.errorOutput.red("error: ") + "\(error)")
        throw ExitCode(1)
    }
}
