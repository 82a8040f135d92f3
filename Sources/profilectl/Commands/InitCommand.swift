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
            for file in written.files { print("  wrote \(file)") }
            for file in written.kept { print("  kept \(file.name), which was there. \(file.advice)") }
            print(written.nextSteps)
        } catch {
            printError("error: \(error)")
            throw ExitCode(1)
        }
    }
}
