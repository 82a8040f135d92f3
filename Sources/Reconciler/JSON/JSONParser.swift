/// Reads one JSON text (RFC 8259).
///
/// It exists because Foundation reads numbers as binary numbers: an ICCID of 20 digits that a message holds without
/// quotes would come out as another one.
struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// - Throws: `UnreadableJSON`
    static func value(of json: UnsafeRawBufferPointer) throws(UnreadableJSON) -> JSONValue {
        var parser = JSONParser(bytes: json)
        if json.starts(with: [0xEF, 0xBB, 0xBF]) { parser.position = 3 }
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == json.count else { throw parser.unreadable("text behind the end") }
        return value
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
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

    private mutating func value(depth: Int) throws(UnreadableJSON) -> JSONValue {
        guard depth < JSONValue.maximumDepth else { throw unreadable("nested too deeply") }
        skipSpace()
        guard let byte else { throw unreadable("an end too early") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw unreadable("something that is no value")
        }
    }

    private mutating func object(depth: Int) throws(UnreadableJSON) -> JSONValue {
        position += 1
        var members: [JSONObject.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
        while true {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { throw unreadable("a member without a name") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unreadable("a member without a colon") }
            members.append(JSONObject.Member(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
            guard take(UInt8(ascii: ",")) else { throw unreadable("an object without an end") }
        }
    }

    private mutating func array(depth: Int) throws(UnreadableJSON) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unreadable("an array without an end") }
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(UnreadableJSON) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count,
            bytes[position..<(position + count)]
                .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
        else { throw unreadable("something that is no value") }
        position += count
        return value
    }

    private mutating func number() throws(UnreadableJSON) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[position - whole] != 0x30 else { throw unreadable("a malformed number") }
        if take(UInt8(ascii: ".")), digits() == 0 { throw unreadable("a malformed number") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            if digits() == 0 { throw unreadable("a malformed number") }
        }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte, 0x30...0x39 ~= byte { position += 1 }
        return position - start
    }

    private mutating func string() throws(UnreadableJSON) -> String {
        position += 1
        let start = position
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(start..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try stringWithEscapes(from: start)
            case 0..<0x20: throw unreadable("a control character")
            default: position += 1
            }
        }
        throw unreadable("a text without an end")
    }

    private func text(_ range: Range<Int>) throws(UnreadableJSON) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw unreadable("bytes that are no UTF-8")
        }
        return text
    }

    private mutating func stringWithEscapes(from start: Int) throws(UnreadableJSON) -> String {
        var result = try text(start..<position)
        var plain = position
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                result += try text(plain..<position)
                position += 1
                return result
            case UInt8(ascii: "\\"):
                result += try text(plain..<position)
                position += 1
                result.unicodeScalars.append(try escaped())
                plain = position
            case 0..<0x20: throw unreadable("a control character")
            default: position += 1
            }
        }
        throw unreadable("a text without an end")
    }

    private mutating func escaped() throws(UnreadableJSON) -> Unicode.Scalar {
        let escape = byte
        position += 1
        switch escape {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedUnit()
        default: throw unreadable("an unknown escape")
        }
    }

    /// Half of a surrogate pair alone stands for no character, and is read as the one that stands for none.
    private mutating func escapedUnit() throws(UnreadableJSON) -> Unicode.Scalar {
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let behind = position
        guard 0xD800...0xDBFF ~= high, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            position = behind
            return "\u{FFFD}"
        }
        let low = try hexadecimal()
        guard 0xDC00...0xDFFF ~= low,
            let scalar = Unicode.Scalar(0x10000 + (UInt32(high - 0xD800) << 10 | UInt32(low - 0xDC00)))
        else {
            position = behind
            return "\u{FFFD}"
        }
        return scalar
    }

    private mutating func hexadecimal() throws(UnreadableJSON) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unreadable("a malformed escape")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
