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
        for warning in settings.warnings { warn(warning) }
        if let state {
            try UnexpandedPath.check(state, as: "--state")
            settings.state = state
        }
        return settings
    }

    /// Tells people, in the form of the log.
    func warn(_ sentence: String) {
        switch logFormat {
        case .text: printError(errorOutput.yellow("warning: ") + "\(sentence)")
        case .json: logger().warning("\(sentence)")
        }
    }

    func logger() -> Logger {
        var logger = Logger(label: "profilectl") { _ in StandardErrorLog() }
        logger.logLevel = logLevel
        return logger
    }

    var output: Style { Style(color, descriptor: 1) }
    var errorOutput: Style { Style(logFormat == .json ? .never : color, descriptor: 2) }

    /// Has all that is said on stderr take the format of the log.
    func useLogFormat() { StandardError.format.withLock { $0 = logFormat } }
}

/// Where the tables of manifests may lie.
struct TableOptions: ParsableArguments {
    @Flag(
        name: .customLong("allow-external-csv"),
        help: "Read CSV files outside the folder of the manifest that names them: for manifests of your own.")
    var allowsExternal = false
}

/// The manifests that a command reads.
struct ManifestArguments: ParsableArguments {
    @Argument(
        help: "YAML files, directories of them, or - for standard input.",
        completion: .file(extensions: ["yaml", "yml"]))
    var paths: [String]

    @Flag(help: "Take warnings (check digits, lengths) for errors.")
    var strict = false

    @OptionGroup var tables: TableOptions

    init() {}

    /// Reads the manifests and prints what is wrong with them.
    /// - Throws: `ExitCode(1)` if there are errors.
    func load(_ common: CommonOptions) async throws -> DesiredFleet {
        try Self.check(try await read(), common)
    }

    static func load(
        _ paths: [String], isStrict: Bool, _ tables: TableOptions, _ common: CommonOptions
    ) async throws -> DesiredFleet {
        try check(try await read(paths, isStrict: isStrict, tables), common)
    }

    /// Reads the manifests, whatever is wrong with them.
    /// - Throws: `ValidationError` if one of them is a saved plan.
    func read() async throws -> LoadedManifest { try await Self.read(paths, isStrict: strict, tables) }

    private static func read(
        _ paths: [String], isStrict: Bool, _ tables: TableOptions
    ) async throws -> LoadedManifest {
        if let plan = paths.first(where: { PlanFile.isPlan($0) }) {
            throw ValidationError(
                "`\(plan)` is a saved plan, not a manifest. `profilectl show` shows it, `profilectl apply` carries it out."
            )
        }
        return await ManifestLoader(isStrict: isStrict, allowsExternalTables: tables.allowsExternal).load(paths)
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
            printError(ComplaintText(style: common.errorOutput).text(shown, leftOut: loaded.leftOut), .error)
        }
        if !loaded.hasErrors, loaded.warningCount > 0 {
            printError(
                "\(counted(loaded.warningCount, "warning")) about the manifests; `profilectl validate` shows them.",
                .warning)
        }
        guard !loaded.hasErrors else { throw ExitCode(1) }
        return loaded.fleet
    }
}

/// Copies logs into their stores. What was committed is on the disk in any case, so that this fails no command.
private func leaveStoresWhole() async {
    for problem in await StateLocation.copyLogs() { printError("\(problem)") }
}

/// Runs a command's work; an error becomes a sentence on stderr and the exit code of the contract.
func reporting(_ common: CommonOptions, _ work: () async throws -> Void) async throws {
    common.useLogFormat()
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
    } catch let error as OutputFailed {
        throw error
    } catch {
        printFailure(DisplayText(error: error), common.errorOutput)
        switch error {
        case is RunLockHeld: throw ExitCode(5)
        case is RunTimedOut: throw ExitCode(4)
        case is RunStopped: throw ExitCode(130)
        case is TooLargeChange: throw ExitCode(6)
        default: throw ExitCode(1)
        }
    }
}
