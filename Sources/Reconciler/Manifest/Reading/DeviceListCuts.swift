/// Finds places at which a long list of devices can be cut into parts: lines that look like the beginning of an entry.
///
/// They may look so and not be so (in a block of text, say). Whether one is, is known when the part before it was
/// read: see `SegmentedDeviceList`.
struct DeviceListCuts {
    let text: ManifestText
    /// How many characters stand before the dash of an entry.
    let dashColumn: Int
    /// About how many bytes a part has.
    let partSize: Int

    /// As far as a line is looked for before a cut is given up.
    private static let window = 1 << 16

    /// A list whose rest is shorter than this part of `partSize` is not worth cutting.
    private static let shortestShare = 64

    /// The cuts behind `start`, in bytes, in order; none if the rest is short. The first one comes soon: what stands
    /// before it is read by libyaml alone.
    func places(from start: Int) -> [Int] {
        var places: [Int] = []
        var wanted = start
        while wanted + partSize / Self.shortestShare < text.size {
            let bytes = text.bytes(at: wanted, count: Self.window)
            // In a text of many documents the list ends with its own one.
            let end = bytes.firstRange(of: Array("\n---".utf8))?.lowerBound
            if let place = firstEntry(in: bytes[..<(end ?? bytes.count)]) {
                places.append(wanted + place)
                wanted += place
            }
            if end != nil { break }
            wanted += partSize
        }
        return places
    }

    /// The first place behind `start` that looks like an entry, if there is one nearby.
    func entry(behind start: Int) -> Int? {
        firstEntry(in: text.bytes(at: start, count: Self.window)[...]).map { start + $0 }
    }

    private func firstEntry(in bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0A) {
            rest = rest[(end + 1)...]
            if isEntry(rest) { return rest.startIndex }
        }
        return nil
    }

    /// Whether a line begins with the dash, a space, and a key, a quote or a brace.
    private func isEntry(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.count > dashColumn + 2, line.prefix(dashColumn).allSatisfy({ $0 == 0x20 }) else { return false }
        let dash = line.startIndex + dashColumn
        guard line[dash] == 0x2D, line[dash + 1] == 0x20 else { return false }
        switch line[dash + 2] {
        case 0x61...0x7A, 0x41...0x5A, 0x22, 0x27, 0x7B: return true
        default: return false
        }
    }
}
