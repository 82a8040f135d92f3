/// Reads the entries of a list that are written in the plainest way, without libyaml: six times as fast.
///
/// Plain is what generators and most people write, one `key: value` a line, in printable ASCII:
/// ```yaml
///   - eid: "89049032000000000000000004100062"
///     iccid: 89148000000001204008
///     labels: {site: phoenix-7}
/// ```
/// It puts the same events on the tape that libyaml would give. At whatever else it stops, before the entry, and
/// libyaml reads on from there. The last entry is left to libyaml as well, which knows what may end a list.
struct PlainEntryScanner {
    private let text: ManifestText
    private let dashColumn: Int
    private var window: [UInt8] = []
    private var windowStart = 0

    /// The byte at which the next entry begins.
    private(set) var position: Int
    /// The number of its line.
    private(set) var line: Int

    private static let windowSize = 1 << 18
    /// An entry longer than this is not plain.
    private static let longestEntry = 4096

    /// - Parameters:
    ///   - position: the first byte of a line on which an entry of the list begins.
    ///   - line: the number of that line.
    init(_ text: ManifestText, dashColumn: Int, position: Int, line: Int) {
        self.text = text
        self.dashColumn = dashColumn
        self.position = position
        self.line = line
    }

    /// Goes on at another entry.
    mutating func move(to position: Int, line: Int) {
        self.position = position
        self.line = line
    }

    /// Reads the next entry.
    /// - Returns: `false` if it is not plain; what is on the tape then means nothing, and nothing else has changed.
    mutating func scan(onto tape: inout YAMLTape) -> Bool {
        var start = position - windowStart
        if start < 0 || window.count - start < Self.longestEntry {
            window = text.bytes(at: position, count: Self.windowSize)
            windowStart = position
            start = 0
        }
        let end = min(window.count, start + Self.longestEntry)
        tape.removeAll()
        return window.withUnsafeBytes { bytes in
            var entry = PlainEntry(
                bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), dashColumn: dashColumn, line: line)
            guard entry.scan(onto: &tape) else { return false }
            position += entry.offset
            line = entry.line
            return true
        }
    }
}

/// One plain entry, read byte by byte.
private struct PlainEntry {
    let bytes: UnsafeRawBufferPointer
    let dashColumn: Int
    private(set) var line: Int
    private(set) var offset = 0
    private var lineStart = 0

    init(bytes: UnsafeRawBufferPointer, dashColumn: Int, line: Int) {
        self.bytes = bytes
        self.dashColumn = dashColumn
        self.line = line
    }

    /// - Returns: `false` if the entry is not plain. Otherwise `offset` is at the line of the next entry.
    mutating func scan(onto tape: inout YAMLTape) -> Bool {
        guard indentation() == dashColumn, beginsEntry(at: dashColumn) else { return false }
        offset = dashColumn + 2
        guard pairs(at: offset, canNest: true, onto: &tape) else { return false }
        return indentation() == dashColumn && beginsEntry(at: offset + dashColumn)
    }

    private func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    /// How many spaces the line at hand begins with.
    private func indentation() -> Int {
        var end = offset
        while byte(end) == 0x20 { end += 1 }
        return end - offset
    }

    /// Whether a dash, a space and a key are there.
    private func beginsEntry(at offset: Int) -> Bool {
        byte(offset) == 0x2D && byte(offset + 1) == 0x20 && byte(offset + 2).isLetter
    }

    /// Reads the lines of a mapping whose keys stand behind `column` spaces, from its first key on.
    private mutating func pairs(at column: Int, canNest: Bool, onto tape: inout YAMLTape) -> Bool {
        put(.mappingStart, from: offset, to: offset, onto: &tape)
        repeat {
            guard key(onto: &tape) else { return false }
            if byte(offset) == 0x0A, canNest {
                endLine()
                let inner = indentation()
                guard inner > column, byte(offset + inner).isLetter else { return false }
                offset += inner
                guard pairs(at: inner, canNest: false, onto: &tape) else { return false }
            } else {
                guard byte(offset) == 0x20 else { return false }
                skipSpaces()
                guard value(onto: &tape) else { return false }
                skipSpaces()
                guard byte(offset) == 0x0A else { return false }
                endLine()
            }
            // A deeper line would go on with a plain value.
            guard indentation() == column, byte(offset + column).isLetter else { break }
            offset += column
        } while true
        put(.end, from: offset, to: offset, onto: &tape)
        return indentation() < column
    }

    private mutating func endLine() {
        offset += 1
        lineStart = offset
        line += 1
    }

    private mutating func skipSpaces() {
        while byte(offset) == 0x20 { offset += 1 }
    }

    /// Reads a key of letters and its colon.
    private mutating func key(onto tape: inout YAMLTape) -> Bool {
        let start = offset
        while byte(offset).isLetter { offset += 1 }
        guard offset > start, offset - start < 64, byte(offset) == 0x3A else { return false }
        put(.plainScalar, from: start, to: offset, onto: &tape)
        offset += 1
        return true
    }

    private mutating func value(onto tape: inout YAMLTape) -> Bool {
        byte(offset) == 0x7B ? flowMapping(onto: &tape) : scalar(onto: &tape)
    }

    /// Reads a scalar of letters, digits, dots, dashes and underscores, in quotes or not.
    private mutating func scalar(onto tape: inout YAMLTape) -> Bool {
        let first = byte(offset)
        let start = offset
        if first == 0x22 || first == 0x27 {
            offset += 1
            while byte(offset).isPlain { offset += 1 }
            guard byte(offset) == first else { return false }
            put(.otherScalar, from: start, to: offset, skipping: 1, onto: &tape)
            offset += 1
            return true
        }
        guard first.isLetterOrDigit else { return false }
        while byte(offset).isPlain { offset += 1 }
        put(.plainScalar, from: start, to: offset, onto: &tape)
        return true
    }

    /// Reads `{key: value, key: value}` with scalars only.
    private mutating func flowMapping(onto tape: inout YAMLTape) -> Bool {
        put(.mappingStart, from: offset, to: offset, onto: &tape)
        repeat {
            offset += 1
            skipSpaces()
            guard key(onto: &tape), byte(offset) == 0x20 else { return false }
            skipSpaces()
            guard scalar(onto: &tape) else { return false }
            skipSpaces()
        } while byte(offset) == 0x2C
        guard byte(offset) == 0x7D else { return false }
        offset += 1
        put(.end, from: offset, to: offset, onto: &tape)
        return true
    }

    /// - Parameter quote: how many bytes stand between the place of the event and its text.
    private func put(
        _ kind: YAMLTape.Kind, from start: Int, to end: Int, skipping quote: Int = 0, onto tape: inout YAMLTape
    ) {
        tape.append(
            kind, line: line, column: start - lineStart + 1,
            text: UnsafeRawBufferPointer(rebasing: bytes[(start + quote)..<end]))
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { 0x61...0x7A ~= self | 0x20 }
    fileprivate var isLetterOrDigit: Bool { isLetter || 0x30...0x39 ~= self }
    fileprivate var isPlain: Bool { isLetterOrDigit || self == 0x2D || self == 0x2E || self == 0x5F }
}
