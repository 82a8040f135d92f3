import ArgumentParser
import Reconciler

enum StatusFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what is known of the fleet, or of one device with its timeline.",
        discussion: """
            Examples:
              profilectl status
              profilectl status 89049032000001000000000000000012
              profilectl status 89049032000001000000000000000012 --raw
              profilectl status --format json
            """)

    @Argument(help: "The EID of a device.")
    var eid: String?

    @OptionGroup var common: CommonOptions

    @Option(help: "How the status is printed: text or json.")
    var format: StatusFormat = .text

    @Flag(help: "Show the carrier's messages as they came, at full length; passwords are never kept.")
    var raw = false

    func run() async throws {
        try await reporting(common) {
            let status = StatusSession(settings: try common.settings())
            guard let eid else {
                let fleet = try await status.fleet()
                switch format {
                case .text: FleetStatusText(status: fleet, style: common.output).lines().forEach { print($0) }
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
                DeviceStatusText(devices: devices, style: common.output, isRaw: raw).lines().forEach { print($0) }
            case .json: try printJSON(devices)
            }
        }
    }
}
