import ArgumentParser
import Reconciler

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Holds back what would be sent, until `resume`.",
        discussion: """
            Every process on the store heeds it, also one that is running. What is in
            flight lands, and callbacks are kept as always. The pause of a profile set
            holds its devices, also where another set names them later.

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
            let store = try await common.settings().openExistingStore("Nothing was paused.")
            let session = PauseSession(store: store, clock: SystemClock())
            try await session.pause(set, reason: reason, by: RunOwner(command: "pause").person)
            let (what, option) = set.map { ("profile set \($0)", " --set \($0)") } ?? ("everything", "")
            try printLine("Paused: \(what). `profilectl resume\(option)` lets it go on.")
        }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets go on what `pause` holds back, and rollouts that failures have stopped.",
        discussion: """
            Only what is named goes on: the pause of everything; with --set the pause
            of one profile set, and its rollout if failures have stopped it; with --all
            all pauses and all stopped rollouts.

            Examples:
              profilectl resume
              profilectl resume --set phoenix-meters
              profilectl resume --all
            """)

    @Option(help: ArgumentHelp("One profile set, and nothing else.", valueName: "name"))
    var set: String?

    @Flag(help: "All pauses, of single sets too, and all stopped rollouts.")
    var all = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard set == nil || !all else { throw ValidationError("--set and --all: give the one or the other.") }
    }

    func run() async throws {
        try await reporting(common) {
            guard set != "" else { throw SettingsError("--set is empty, expected the name of a profile set.") }
            let store = try await common.settings().openExistingStore("Nothing was paused or stopped.")
            let resumed = try await PauseSession(store: store, clock: SystemClock()).resume(
                all ? .all : set.map { .profileSet($0) } ?? .everything, by: RunOwner(command: "resume").person)
            var lines: [DisplayText] = resumed.pauses.map { "Resumed: \($0.scope.name), paused by \($0.by)." }
            lines += resumed.aborted.map {
                "The rollout of \($0.profileSet) begins anew. It was stopped: \($0.abort?.reason ?? "")"
            }
            if lines.isEmpty {
                lines = [
                    set.map { "Nothing of profile set \($0) was paused or stopped." }
                        ?? "Nothing was paused or stopped as a whole."
                ]
            }
            lines += resumed.remaining.map { pause in
                let option = pause.scope == .everything ? "" : " --set \(pause.scope.name)"
                return "Still paused: \(pause.scope.name), by \(pause.by): `profilectl resume\(option)`."
            }
            lines += resumed.remainingAborted.map {
                "Still stopped: the rollout of \($0.profileSet): `profilectl resume --set \($0.profileSet)`."
            }
            try printLines(lines)
        }
    }
}
