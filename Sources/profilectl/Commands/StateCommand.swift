import ArgumentParser
import Reconciler

struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Takes care of the state store.",
        discussion: """
            A store is its database file and the log beside it: copy it with `backup`,
            never with `cp`.

            Examples:
              profilectl state check
              profilectl state backup /backups/state-2026-12-01.db
            """,
        subcommands: [StateBackupCommand.self, StateCheckCommand.self])
}

struct StateBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the state store into one new file.",
        discussion: """
            Runs on the store may go on meanwhile. The copy is checked before the command
            ends, and only its owner can read it.

            Examples:
              profilectl state backup /backups/state-2026-12-01.db
            """)

    @Argument(help: ArgumentHelp("The file to make.", valueName: "file"), completion: .file())
    var file: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting(common) {
            try await StateSession(settings: try common.settings()).backUp(to: file)
            try printLine("The state store was copied to \(file).")
        }
    }
}

struct StateCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks for damage in the state store.",
        discussion: """
            Exit code 0 if all is well, 3 if something is damaged.

            Examples:
              profilectl state check
              profilectl state check --state sqlite:/backups/state-2026-12-01.db
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting(common) {
            let findings = try await StateSession(settings: try common.settings()).damage()
            guard !findings.isEmpty else {
                return try printLine("The state store is whole.")
            }
            try printLines(findings.map { "\($0)" })
            throw ExitCode(3)
        }
    }
}
