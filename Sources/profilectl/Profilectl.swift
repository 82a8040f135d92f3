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
            holds the lock; 64 wrong usage.
            """,
        version: profilectlVersion,
        subcommands: [
            ValidateCommand.self, PlanCommand.self, ShowCommand.self, ApplyCommand.self, RefreshCommand.self,
            ServeCommand.self,
            StatusCommand.self, ResolveCommand.self, ImportCommand.self, PauseCommand.self, ResumeCommand.self,
            CallbacksCommand.self, StateCommand.self, SimulateCommand.self, SchemaCommand.self, InitCommand.self,
        ])

    static func main() async {
        // A write beyond the limit of file sizes (`ulimit -f`) is an error like a full disk, and not the end.
        signal(SIGXFSZ, SIG_IGN)
        if let complaint = UnknownCommand.complaint(about: Array(CommandLine.arguments.dropFirst()), of: Self.self) {
            exit(withError: ValidationError(complaint))
        }
        await main(nil)
    }
}

let profilectlVersion = "0.1.0"
