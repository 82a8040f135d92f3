import Foundation

/// Ends of lines that libyaml counts and editors do not: a lone CR, U+0085, U+2028 and U+2029.
struct StrayBreaks {
    private struct Break {
        /// How many characters stand before it.
        let index: Int
        /// How many characters stand before the line that editors see it on.
        let lineStart: Int
    }

    private var breaks: [Break] = []
    /// How many characters stand before the line at hand.
    var lineStart = 0
    private var isBehindCarriageReturn = false
    private var last: (UInt8, UInt8) = (0, 0)

    var isEmpty: Bool { breaks.isEmpty }

    /// Looks through the next bytes of the text.
    mutating func take(_ bytes: UnsafeRawBufferPointer, charactersBefore: Int) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        let isSuspicious =
            isBehindCarriageReturn || last.1 == 0xC2 || last.0 == 0xE2 || last.1 == 0xE2
            || [0x0D, 0xC2, 0xE2].contains { memchr(start, $0, bytes.count) != nil }
        if isSuspicious {
            walk(bytes, charactersBefore: charactersBefore)
        } else if let end = bytes.lastIndex(of: 0x0A) {
            let head = UnsafeRawBufferPointer(rebasing: bytes[...end])
            lineStart = charactersBefore + head.characterCount
        }
        last = (bytes.count > 1 ? bytes[bytes.count - 2] : last.1, bytes[bytes.count - 1])
    }

    private mutating func walk(_ bytes: UnsafeRawBufferPointer, charactersBefore: Int) {
        var index = charactersBefore
        var (beforeLast, last) = last
        for byte in bytes {
            if isBehindCarriageReturn {
                isBehindCarriageReturn = false
                if byte != 0x0A { breaks.append(Break(index: index - 1, lineStart: lineStart)) }
            }
            if byte & 0xC0 != 0x80 { index += 1 }
            switch byte {
            case 0x0A: lineStart = index
            case 0x0D: isBehindCarriageReturn = true
            case 0x85 where last == 0xC2, 0xA8 where last == 0x80 && beforeLast == 0xE2,
                0xA9 where last == 0x80 && beforeLast == 0xE2:
                breaks.append(Break(index: index - 1, lineStart: lineStart))
            default: break
            }
            (beforeLast, last) = (last, byte)
        }
    }

    /// See `YAMLInput.place`.
    func place(line: Int, column: Int, index: Int) -> (line: Int, column: Int) {
        var (low, high) = (0, breaks.count)
        while low < high {
            let middle = (low + high) / 2
            if breaks[middle].index < index { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return (line, column) }
        let nearest = breaks[low - 1]
        let isOnItsLine = index - column == nearest.index + 1
        return (line - low, isOnItsLine ? index - nearest.lineStart : column)
    }
}
