import ArgumentParser
import Reconciler

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a commented starter directory.",
        discussion: """
            Settings, a fleet of four made-up devices in YAML and CSV, the JSON Schemas
            for editors, a README and a .gitignore. Nothing that is there is changed: a
            README.md or .gitignore stays as it is, and where there are settings or a
            fleet already, nothing is written at all.

            Examples:
              profilectl init
              profilectl init phoenix/
            """)

    @Argument(
        help: ArgumentHelp("Where; it is made if need be.", valueName: "dir"), completion: .directory)
    var directory = "."

    func run() throws {
        do {
            let written = try StarterDirectory(path: directory).write()
            try printLines(
                written.files.map { "  wrote \($0)" }
                    + written.kept.map { "  kept \($0.name), which was there. \($0.advice)" }
                    + written.nextSteps.split(separator: "\n").map { DisplayText(String($0)) })
        } catch let error as OutputFailed {
            throw error
        } catch {
            printFailure(DisplayText(error: error), Style(.auto, descriptor: 2))
            throw ExitCode(1)
        }
    }
}
