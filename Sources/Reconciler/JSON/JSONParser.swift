/// Reads one JSON text (RFC 8259).
///
/// It exists because Foundation reads numbers as binary numbers: an ICCID of 20 digits that a message holds without
/// quotes would come out as another one.
struct JSONParser {
    /// How much is taken note of. All of the text is checked in any case.
    enum Extent {
        case whole
        /// The members of the outermost object, and nothing that they hold: the work of a text that is not trusted yet,
        /// whose notes could otherwise be eight times as large as itself.
        case outline
    }

    private let bytes: UnsafeRawBufferPointer
    private let extent: Extent
    private var position = 0
    private var depth = 0
    private var nodes: ContiguousArray<JSONTape.Node> = []

    /// Places in a text are kept in 32 bits.
    private static let longestText = Int(UInt32.max)
    /// Nobody who means it well sends an object with more members than a quarter of this.
    private static let mostOutlineNodes = 4096

    /// - Throws: `UnreadableJSON`
    static func tape(of json: [UInt8], _ extent: Extent) throws(UnreadableJSON) -> JSONTape {
        guard json.count < longestText else { throw UnreadableJSON(reason: "more than 4 GiB") }
        let nodes = try json.withUnsafeBytes { bytes in
            Result { () throws(UnreadableJSON) in
                var parser = JSONParser(bytes: bytes, extent)
                return try parser.parse()
            }
        }.get()
        return JSONTape(bytes: json, nodes: nodes)
    }

    private init(bytes: UnsafeRawBufferPointer, _ extent: Extent) {
        self.bytes = bytes
        self.extent = extent
        // A value takes some sixteen bytes of most messages.
        nodes.reserveCapacity(min(bytes.count / 16 + 4, 4096))
    }

    private mutating func parse() throws(UnreadableJSON) -> ContiguousArray<JSONTape.Node> {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        try value()
        skipSpace()
        guard position == bytes.count else { throw unreadable("text behind the end") }
        return nodes
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func unreadable(_ reason: String) -> UnreadableJSON {
        UnreadableJSON(reason: "\(reason) at byte \(position)")
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Goes on if the next byte is this one.
    private mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        position += 1
        return true
    }

    private mutating func append(
        _ kind: JSONTape.Node.Kind, from start: Int, to end: Int
    ) throws(UnreadableJSON) {
        if extent == .outline {
            guard depth <= 1 else { return }
            guard nodes.count < Self.mostOutlineNodes else { throw unreadable("too many members") }
        }
        nodes.append(
            JSONTape.Node(
                kind: kind, start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end),
                next: Int32(truncatingIfNeeded: nodes.count + 1)))
    }

    private mutating func value() throws(UnreadableJSON) {
        guard depth < JSONValue.maximumDepth else { throw unreadable("nested too deeply") }
        skipSpace()
        guard let byte else { throw unreadable("an end too early") }
        switch byte {
        case UInt8(ascii: "{"): try collection(.object)
        case UInt8(ascii: "["): try collection(.array)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): try word("true", .bool)
        case UInt8(ascii: "f"): try word("false", .bool)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: try number()
        default: throw unreadable("something that is no value")
        }
    }

    private mutating func collection(_ kind: JSONTape.Node.Kind) throws(UnreadableJSON) {
        let index = nodes.count
        try append(kind, from: position, to: position)
        depth += 1
        position += 1
        let bracket = kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")
        skipSpace()
        if !take(bracket) {
            while true {
                if kind == .object { try name() }
                try value()
                skipSpace()
                if take(bracket) { break }
                guard take(UInt8(ascii: ",")) else {
                    throw unreadable(kind == .object ? "an object without an end" : "an array without an end")
                }
            }
        }
        depth -= 1
        guard index < nodes.count else { return }
        nodes[index].end = UInt32(truncatingIfNeeded: position)
        nodes[index].next = Int32(truncatingIfNeeded: nodes.count)
    }

    private mutating func name() throws(UnreadableJSON) {
        skipSpace()
        guard byte == UInt8(ascii: "\"") else { throw unreadable("a member without a name") }
        try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw unreadable("a member without a colon") }
    }

    private mutating func word(_ text: StaticString, _ kind: JSONTape.Node.Kind) throws(UnreadableJSON) {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count,
            bytes[position..<(position + count)]
                .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
        else { throw unreadable("something that is no value") }
        try append(kind, from: position, to: position + count)
        position += count
    }

    private mutating func number() throws(UnreadableJSON) {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[position - whole] != 0x30 else { throw unreadable("a malformed number") }
        if take(UInt8(ascii: ".")), digits() == 0 { throw unreadable("a malformed number") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            if digits() == 0 { throw unreadable("a malformed number") }
        }
        try append(.number, from: start, to: position)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte, 0x30...0x39 ~= byte { position += 1 }
        return position - start
    }

    // MARK: Texts

    private mutating func string() throws(UnreadableJSON) {
        position += 1
        let start = position
        var hasEscapes = false
        var isASCII = true
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                guard isASCII || String(validating: bytes[start..<position], as: UTF8.self) != nil else {
                    throw unreadable("bytes that are no UTF-8")
                }
                try append(hasEscapes ? .escapedString : .string, from: start, to: position)
                position += 1
                return
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 1
                try checkEscape()
            case 0..<0x20: throw unreadable("a control character")
            case 0x80...0xFF:
                isASCII = false
                position += 1
            default: position += 1
            }
        }
        throw unreadable("a text without an end")
    }

    private mutating func checkEscape() throws(UnreadableJSON) {
        switch byte {
        case UInt8(ascii: "u"):
            let digits = bytes.dropFirst(position + 1).prefix(4)
            guard digits.count == 4, digits.allSatisfy({ Self.hexadecimalDigit($0) != nil }) else {
                throw unreadable("a malformed escape")
            }
            position += 5
        case let byte? where Self.escapes[byte] != nil: position += 1
        default: throw unreadable("an unknown escape")
        }
    }

    private static let escapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
        UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 0x30...0x39: UInt16(byte - 0x30)
        case 0x41...0x46, 0x61...0x66: UInt16((byte | 0x20) - 0x57)
        default: nil
        }
    }

    /// The text that the bytes between the quotes of a string stand for; they were read before.
    static func unescaped(_ bytes: UnsafeRawBufferPointer) -> String {
        var result = ""
        var rest = bytes[...]
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")), backslash + 1 < rest.endIndex {
            result += String(decoding: rest[..<backslash], as: UTF8.self)
            rest = rest[(backslash + 1)...]
            if let scalar = escapes[rest[rest.startIndex]] {
                result.unicodeScalars.append(scalar)
                rest = rest.dropFirst()
            } else {
                result.unicodeScalars.append(takeUnit(&rest))
            }
        }
        return result + String(decoding: rest, as: UTF8.self)
    }

    /// Half of a surrogate pair alone stands for no character, and is read as the one that stands for none.
    ///
    /// - Parameter rest: begins with the `u`.
    private static func takeUnit(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Unicode.Scalar {
        func unit(_ digits: some Sequence<UInt8>) -> UInt16 {
            digits.reduce(0) { $0 << 4 | (hexadecimalDigit($1) ?? 0) }
        }
        let high = unit(rest.dropFirst().prefix(4))
        rest = rest.dropFirst(5)
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard 0xD800...0xDBFF ~= high, rest.starts(with: "\\u".utf8) else { return "\u{FFFD}" }
        let low = unit(rest.dropFirst(2).prefix(4))
        guard 0xDC00...0xDFFF ~= low,
            let scalar = Unicode.Scalar(0x10000 + (UInt32(high - 0xD800) << 10 | UInt32(low - 0xDC00)))
        else { return "\u{FFFD}" }
        rest = rest.dropFirst(6)
        return scalar
    }
}
