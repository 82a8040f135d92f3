/// The part of a fleet that a command is about; everything else is left as it is.
///
/// A bit a device, so that it is small for a million of them. Waves, limits and what the store has that the YAML does
/// not name are still counted over the whole fleet.
public struct FleetSelection: Sendable {
    public let targets: [DeviceSelector]
    public let excludes: [DeviceSelector]
    /// How many devices are selected, and how many the fleet has.
    public let count: Int
    public let fleetCount: Int
    /// How many devices are selected only because they share their eUICC with one that a target names.
    public let addedWithCard: Int
    /// How many devices that a target names are left out because they share their eUICC with one that is excluded.
    public let leftOutWithCard: Int
    private let marks: DeviceMarks

    init(
        targets: [DeviceSelector], excludes: [DeviceSelector], marks: DeviceMarks, fleetCount: Int,
        addedWithCard: Int, leftOutWithCard: Int
    ) {
        self.targets = targets
        self.excludes = excludes
        self.marks = marks
        self.fleetCount = fleetCount
        self.addedWithCard = addedWithCard
        self.leftOutWithCard = leftOutWithCard
        count = marks.count
    }

    /// Whether a device, by its number in the fleet, is selected.
    func contains(_ device: Int) -> Bool { marks.contains(device) }

    /// The options that were given, as they would be typed.
    public var options: String {
        (targets.map { "--target \($0)" } + excludes.map { "--exclude \($0)" }).joined(separator: " ")
    }
}

/// A set of devices, by their numbers in a fleet.
struct DeviceMarks: Sendable {
    private var words: ContiguousArray<UInt64>

    /// - Parameter deviceCount: of the fleet.
    init(deviceCount: Int, all: Bool = false) {
        words = ContiguousArray(repeating: all ? .max : 0, count: (deviceCount + 63) / 64)
        // No device has the bits behind the last one.
        if all, deviceCount % 64 > 0 { words[words.count - 1] >>= UInt64(64 - deviceCount % 64) }
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func contains(_ device: Int) -> Bool { words[device >> 6] & (1 << UInt64(device & 63)) != 0 }

    mutating func insert(_ device: Int) { words[device >> 6] |= 1 << UInt64(device & 63) }

    func subtracting(_ other: DeviceMarks) -> DeviceMarks {
        var result = self
        for index in words.indices { result.words[index] &= ~other.words[index] }
        return result
    }
}
