import ArgumentParser
import Reconciler

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Holds back what would be sent, until `resume`.",
        discussion: """
            Every process on the store heeds it, also one that is running. What is in
            flight lands, and callbacks are kept as always.

            Examples:
              profilectl pause --reason "outage at the carrier, ticket 4711"
              profilectl pause --set phoenix-meters
            """)

    @Option(help: ArgumentHelp("One profile set; all without it.", valueName: "name"))
    var set: String?

    @Option(help: "Why, for those who wait.")
    var reason = ""

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting(common) {
            guard set != "" else { throw SettingsError("--set is empty, expected the name of a profile set.") }
            let store = try await common.settings().openStore()
            let session = PauseSession(store: store, clock: SystemClock())
            try await session.pause(set, reason: reason, by: RunOwner(command: "pause").person)
            try printLine(
                "Paused: \(set.map { "profile set \($0)" } ?? "everything"). `profilectl resume` lets it go on.")
        }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets go on what `pause` holds back, and roll-outs that were given up.",
        discussion: """
            Examples:
              profilectl resume
              profilectl resume --set phoenix-meters
            """)

    @Option(help: ArgumentHelp("One profile set; all without it.", valueName: "name"))
    var set: String?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting(common) {
            guard let store = try await common.settings().openStoreIfThere() else {
                return try printLine("Nothing was paused or given up.")
            }
            let resumed = try await PauseSession(store: store, clock: SystemClock()).resume(
                set, by: RunOwner(command: "resume").person)
            var lines: [DisplayText] = resumed.pauses.map { "Resumed: \($0.scope.name), paused by \($0.by)." }
            lines += resumed.aborted.map {
                "The roll-out of \($0.profileSet) begins anew. It was given up: \($0.abort?.reason ?? "")"
            }
            lines += resumed.remaining.map {
                "Still paused: \($0.scope.name), by \($0.by). `profilectl resume` without --set lifts all."
            }
            try printLines(lines.isEmpty ? ["Nothing was paused or given up."] : lines)
        }
    }
}
