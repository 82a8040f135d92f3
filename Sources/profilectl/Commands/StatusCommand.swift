import ArgumentParser
import Reconciler

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what is known of the fleet, or of one device with its timeline.",
        discussion: """
            \(SelectionOptions.discussion)
            Accounts, EIDs and ICCIDs are known to the state store; for the rest name
            the manifests with --manifests.

            Examples:
              profilectl status
              profilectl status 89049032000001000000000000000012
              profilectl status 89049032000001000000000000000012 --raw
              profilectl status --target account:0342077109-00001
              profilectl status --manifests fleet/ --target label:site=phoenix-7
              profilectl status --format json
            """)

    @Argument(help: "The EID of a device.")
    var eid: String?

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp("Manifests that tell of labels, files and profile sets.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml"]))
    var manifests: [String] = []

    @OptionGroup var tables: TableOptions

    @Option(help: "How the status is printed: text or json.")
    var format: OutputFormat = .text

    @Flag(help: "Show the carrier's messages as they came, at full length; passwords are never kept.")
    var raw = false

    func validate() throws {
        guard eid == nil || (selection.isEmpty && manifests.isEmpty) else {
            throw ValidationError("An EID and a selection: give the one or the other.")
        }
    }

    func run() async throws {
        try await reporting(common) {
            let status = StatusSession(settings: try common.settings())
            guard let eid else {
                let fleet = try await status.fleet(try await scope())
                switch format {
                case .text: try printLines(FleetStatusText(status: fleet, style: common.output).lines())
                case .json: try printJSON(fleet)
                }
                return
            }
            guard let eid = EID(eid) else { throw SettingsError("`\(eid)` is no EID: it has up to 32 digits.") }
            let devices = try await status.devices(of: eid)
            guard !devices.isEmpty else {
                throw SettingsError("The state store knows no device with EID \(eid).")
            }
            switch format {
            case .text:
                try printLines(DeviceStatusText(devices: devices, style: common.output, isRaw: raw).lines())
            case .json: try printJSON(devices)
            }
        }
    }

    private func scope() async throws -> StatusSession.Scope {
        if selection.isEmpty, manifests.isEmpty { return .everything }
        guard !manifests.isEmpty else { return .named(targets: selection.target, excludes: selection.exclude) }
        let fleet = try await ManifestArguments.load(manifests, isStrict: false, tables, common)
        return .selected(try selection.applied(to: fleet, keepsCardsWhole: false))
    }
}
