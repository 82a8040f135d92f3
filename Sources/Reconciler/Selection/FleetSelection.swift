/// The part of a fleet that a command is about; everything else is left as it is.
///
/// A bit a device, so that it is small for a million of them. Waves, limits and what the store has that the YAML does
/// not name are still counted over the whole fleet.
public struct FleetSelection: Sendable {
    /// What it is called, and how many devices it has.
    public let part: FleetPart
    private let marks: DeviceMarks

    init(_ part: FleetPart, marks: DeviceMarks) {
        self.part = part
        self.marks = marks
    }

    /// How many devices are selected.
    public var count: Int { part.count }

    /// Whether a device, by its number in the fleet, is selected.
    func contains(_ device: Int) -> Bool { marks.contains(device) }
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
