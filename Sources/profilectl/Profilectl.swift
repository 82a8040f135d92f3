import ArgumentParser
import Foundation
import Reconciler

@main
struct Profilectl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profilectl",
        abstract: "Declares the eSIM profile state of a fleet in YAML, and takes the fleet there.",
        discussion: """
            Examples:
              profilectl validate fleet/
              profilectl plan fleet/
              profilectl apply fleet/
              profilectl apply fleet/ --simulate   # on a simulator, leaving nothing behind
              profilectl status

            Exit codes: 0 done; 1 could not run; 2 changes pending (plan
            --detailed-exitcode); 3 some devices failed, are held or blocked; 4 not
            converged in time; 5 devices moved since the plan was saved, or another run
            holds the lock; 6 needs approval: declined, or more than maxChange allows; 64
            wrong usage; 130 Ctrl-C.
            """,
        version: profilectlVersion,
        subcommands: [
            ValidateCommand.self, PlanCommand.self, ShowCommand.self, ApplyCommand.self, RefreshCommand.self,
            ServeCommand.self,
            StatusCommand.self, ResolveCommand.self, ImportCommand.self, PauseCommand.self, ResumeCommand.self,
            CallbacksCommand.self, StateCommand.self, SimulateCommand.self, SchemaCommand.self, InitCommand.self,
        ])

    static func main() async {
        // A write beyond the limit of file sizes (`ulimit -f`) is an error like a full disk, and not the end; so is one
        // that nobody reads any more.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        let code = await run(ProcessArguments.all)
        StandardError.drain(within: .seconds(2))
        Foundation.exit(code)
    }

    /// - Returns: the exit code.
    private static func run(_ arguments: [String]?) async -> Int32 {
        do {
            // Without arguments nothing can be done, also where there were some that nobody has kept for us.
            guard let arguments else {
                throw ValidationError("Name a command; `profilectl --help` lists them.")
            }
            if let complaint = UnknownCommand.complaint(about: arguments, of: Self.self) {
                throw ValidationError(complaint)
            }
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return end(with: error, arguments ?? [])
        }
    }

    /// Says what has ended a command.
    /// - Returns: the exit code.
    private static func end(with error: any Error, _ arguments: [String]) -> Int32 {
        let error = write(fullMessage(for: error), of: error, arguments) ?? error
        guard let failure = error as? OutputFailed else { return exitCode(for: error).rawValue }
        if let sentence = failure.sentence { printFailure(sentence, Style(.auto, descriptor: 2)) }
        return failure.exitCode.rawValue
    }

    /// Help and versions are results, which go to stdout.
    /// - Returns: the error if that cannot be written.
    private static func write(_ message: String, of error: any Error, _ arguments: [String]) -> OutputFailed? {
        guard !message.isEmpty, !(error is OutputFailed) else { return nil }
        guard exitCode(for: error).isSuccess else {
            printError(ProcessArguments.cleaned(message, repeating: arguments), .error)
            return nil
        }
        do {
            try StandardOutput.write { try $0.bytes(Array((message + "\n").utf8)) }
        } catch {
            return error as? OutputFailed ?? OutputFailed(errorNumber: EIO)
        }
        return nil
    }
}

let profilectlVersion = "0.1.0"
