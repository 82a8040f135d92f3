import ArgumentParser
import Reconciler

/// The part of the fleet that a command is about.
struct SelectionOptions: ParsableArguments {
    /// For the help of the commands that have these options.
    static let discussion = """
        A SELECTOR is eid:, iccid:, account:, file: or set: with a value,
        label:KEY=VALUE, label:KEY, or a bare EID or ICCID. In values * stands for
        any run of characters and ? for one; terms with commas between them must
        all hold. With several --target one must hold, with --exclude none.
        """

    @Option(
        help: ArgumentHelp("Only devices that a selector names; may be given several times.", valueName: "selector"),
        transform: { try DeviceSelector($0) })
    var target: [DeviceSelector] = []

    @Option(
        help: ArgumentHelp("Not the devices that a selector names; may be given several times.", valueName: "selector"),
        transform: { try DeviceSelector($0) })
    var exclude: [DeviceSelector] = []

    var isEmpty: Bool { target.isEmpty && exclude.isEmpty }

    /// - Throws: `SelectionError` if a selector names no device.
    func applied(to fleet: DesiredFleet, keepsCardsWhole: Bool = true) throws -> DesiredFleet {
        try fleet.selecting(target, excluding: exclude, keepsCardsWhole: keepsCardsWhole)
    }
}
