/// Which part of a fleet was asked for, in words and numbers: what is to be said of it, wherever the fleet itself is
/// not at hand.
public struct FleetPart: Hashable, Sendable {
    public let targets: [DeviceSelector]
    public let excludes: [DeviceSelector]
    /// How many devices are selected, and how many the fleet has.
    public let count: Int
    public let fleetCount: Int
    /// How many devices are selected only because they share their eUICC with one that a target names.
    public let addedWithCard: Int
    /// How many devices that a target names are left out because they share their eUICC with one that is excluded.
    public let leftOutWithCard: Int

    /// More options than so many are only counted: a list of identifiers may hold thousands.
    private static let optionLimit = 6
    private static let optionLength = 100

    /// The options that were given, as they would be typed, as far as they are few and short.
    var shortOptions: String {
        let options = targets.map { ("--target", $0) } + excludes.map { ("--exclude", $0) }
        let shown = options.prefix(Self.optionLimit).map { "\($0) \($1.description.excerpt(limit: Self.optionLength))" }
        let rest = options.count - shown.count
        return shown.joined(separator: " ") + (rest > 0 ? " and \(counted(rest, "further option"))" : "")
    }
}

extension FleetPart {
    /// As a plan tells it.
    /// - Returns: `nil` if something is missing.
    init?(json: JSONValue) {
        func number(_ name: StaticString) -> Int? { json[name]?.text.flatMap { Int($0) } }
        func selectors(_ name: StaticString) -> [DeviceSelector]? {
            let texts = json[name]?.elements ?? []
            let selectors = texts.compactMap { $0.string.flatMap { try? DeviceSelector($0) } }
            return selectors.count == texts.count ? selectors : nil
        }
        guard let targets = selectors("targets"), let excludes = selectors("excludes"),
            !targets.isEmpty || !excludes.isEmpty, let count = number("devices"),
            let fleetCount = number("fleetDevices"), let added = number("addedWithCard"),
            let leftOut = number("leftOutWithCard")
        else { return nil }
        self.init(
            targets: targets, excludes: excludes, count: count, fleetCount: fleetCount, addedWithCard: added,
            leftOutWithCard: leftOut)
    }
}

extension JSONWriter {
    /// Writes it as the member `selection`.
    mutating func member(of part: FleetPart) {
        object("selection") { json in
            json.member("targets", part.targets.map(\.description))
            json.member("excludes", part.excludes.map(\.description))
            json.member("devices", part.count)
            json.member("fleetDevices", part.fleetCount)
            json.member("addedWithCard", part.addedWithCard)
            json.member("leftOutWithCard", part.leftOutWithCard)
        }
    }
}
