/// Gives libyaml the text from a place on, and counts characters, because libyaml's marks count those.
final class YAMLInput {
    private let text: ManifestText
    private let prefix: [UInt8]
    private var prefixRead = 0
    /// The byte of the text that is given to libyaml next.
    private(set) var position: Int
    private var characters = 0

    /// Places in the text, in bytes and in order, at which the reading may have to stop.
    private var stops: [Int]
    /// The character index, counted by libyaml, of those of the stops that the reading has come by.
    private(set) var stopIndices: [Int] = []

    /// Ends of lines for libyaml that are none for editors, in order.
    private var strayBreaks = StrayBreaks()

    /// - Parameters:
    ///   - prefix: ASCII that is read before the text.
    ///   - start: the first byte that is read.
    init(_ text: ManifestText, prefix: [UInt8] = [], start: Int = 0, stops: [Int] = []) {
        self.text = text
        self.prefix = prefix
        self.stops = stops
        position = start
        characters = prefix.count
        strayBreaks.lineStart = prefix.count
    }

    /// The line and the column, from 0, that editors count where libyaml counts these.
    /// - Parameter index: how many characters stand before the place.
    func place(line: Int, column: Int, index: Int) -> (line: Int, column: Int) {
        strayBreaks.isEmpty ? (line, column) : strayBreaks.place(line: line, column: column, index: index)
    }

    /// Sets the stops anew; none of them is before `position`.
    func watch(for stops: [Int]) {
        self.stops = stops
        stopIndices = []
    }

    /// - Returns: how many bytes were filled in, 0 at the end; `nil` if the text cannot be read.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        if prefixRead < prefix.count {
            let count = min(buffer.count, prefix.count - prefixRead)
            buffer.copyBytes(from: prefix[prefixRead..<(prefixRead + count)])
            prefixRead += count
            return count
        }
        guard let count = text.read(at: position, into: buffer) else { return nil }
        countCharacters(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        position += count
        return count
    }

    private func countCharacters(_ bytes: UnsafeRawBufferPointer) {
        // libyaml does not count a byte-order mark.
        if position == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { characters -= 1 }
        strayBreaks.take(bytes, charactersBefore: characters)
        var counted = 0
        while stopIndices.count < stops.count, stops[stopIndices.count] - position < bytes.count {
            let end = stops[stopIndices.count] - position
            characters += UnsafeRawBufferPointer(rebasing: bytes[counted..<end]).characterCount
            counted = end
            stopIndices.append(characters)
        }
        characters += UnsafeRawBufferPointer(rebasing: bytes[counted...]).characterCount
    }
}

extension UnsafeRawBufferPointer {
    /// Bytes of UTF-8 that begin a character.
    var characterCount: Int {
        var count = 0
        var offset = 0
        while offset + 8 <= self.count {
            let word = loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            // A byte that goes on with a character has its highest bit set and the next one not.
            count += 8 - (word & ~word << 1 & 0x8080_8080_8080_8080).nonzeroBitCount
            offset += 8
        }
        for byte in self[offset...] where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
