import ArgumentParser
import Reconciler

struct ResolveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Settles a held device by hand.",
        discussion: """
            A device is held when a call may or may not have been taken and no lookup
            could tell. Find out how its profile is (the carrier's portal shows it), and
            say so. Who said what is kept in the device's timeline. Anything else than a
            held device needs --force.

            Examples:
              profilectl resolve 89049032000001000000000000000012 --as DOWNLOAD_ENABLE
              profilectl resolve 89049032000001000000000000000012 --as NOT_DOWNLOADED
            """)

    @Argument(help: "The EID of the device.")
    var eid: String

    @Option(help: ArgumentHelp("Which profile, where the eUICC has several.", valueName: "iccid"))
    var iccid: String?

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "How the profile is: DOWNLOAD_ENABLE, ENABLE, DOWNLOAD_DISABLE, DISABLE, NOT_DOWNLOADED or DELETE.",
            valueName: "status"))
    var status: String

    @Flag(help: "Settles a device too that is neither unresolved nor in doubt. It is looked up before any download.")
    var force = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting(common) {
            guard let key = EID(eid) else { throw SettingsError("`\(eid)` is no EID: it has up to 32 digits.") }
            let profile = try iccid.map { text in
                guard let iccid = ICCID(text) else {
                    throw SettingsError("`\(text)` is no ICCID: it has up to 20 digits.")
                }
                return iccid
            }
            let session = ResolveSession(
                settings: try common.settings(), clock: SystemClock(), person: RunOwner(command: "resolve").person)
            let device = try await session.resolve(key, profile, as: status, force: force)
            try printLines(DeviceStatusText(devices: [device], style: common.output).lines())
        }
    }
}
