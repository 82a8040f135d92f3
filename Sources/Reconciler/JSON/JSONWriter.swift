/// Writes JSON piece by piece into a buffer that can be emptied in between, for documents that are too long to be
/// in memory.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Forgets what was written so far, after it was taken.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func object(_ key: StaticString? = nil, _ members: (inout JSONWriter) -> Void) {
        begin("{", key)
        members(&self)
        end("}")
    }

    /// Begins an array or an object that `end` closes.
    mutating func begin(_ bracket: Unicode.Scalar, _ key: StaticString? = nil) {
        separate()
        if let key { name(key) }
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    mutating func end(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    /// Begins a new line, between two values.
    mutating func newLine() {
        separate()
        needsComma = false
        bytes.append(0x0A)
    }

    /// Ends a text of several documents, one on each line.
    mutating func endDocument() {
        bytes.append(0x0A)
        needsComma = false
    }

    mutating func member(_ key: StaticString, _ text: String) {
        separate()
        name(key)
        quote(text)
    }

    mutating func member(_ key: StaticString, _ number: some FixedWidthInteger) {
        separate()
        name(key)
        bytes.append(contentsOf: String(number).utf8)
    }

    mutating func member(_ key: StaticString, _ truth: Bool) {
        separate()
        name(key)
        bytes.append(contentsOf: (truth ? "true" : "false").utf8)
    }

    mutating func member(_ key: StaticString, _ numbers: [String: Int]) {
        object(key) { writer in
            for (key, number) in numbers.sorted(by: { $0.key < $1.key }) {
                writer.separate()
                writer.quote(key)
                writer.bytes.append(UInt8(ascii: ":"))
                writer.bytes.append(contentsOf: String(number).utf8)
            }
        }
    }

    mutating func member(_ key: StaticString, _ groups: [String: [String: Int]]) {
        let members = groups.mapValues { JSONValue.object($0.mapValues { .number(String($0)) }) }
        separate()
        name(key)
        needsComma = false
        value(.object(members))
    }

    mutating func member(_ key: StaticString, _ texts: [String]) {
        begin("[", key)
        for text in texts {
            separate()
            quote(text)
        }
        end("]")
    }

    /// Writes the identifiers of a device under their names.
    mutating func members(of device: DeviceKey) {
        member("eid") { device.eid.appendDigits(to: &$0) }
        member("iccid") { device.iccid.appendDigits(to: &$0) }
    }

    mutating func member(_ key: StaticString, digits: (inout [UInt8]) -> Void) {
        separate()
        name(key)
        bytes.append(UInt8(ascii: "\""))
        digits(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes any value, the members of objects in the order of their names.
    ///
    /// - Parameter names: in lower case, of members that are left out, at any depth and in any letter case.
    mutating func value(_ value: JSONValue, leavingOut names: [String] = []) {
        switch value {
        case .null: literal("null")
        case .bool(let truth): literal(truth ? "true" : "false")
        case .number(let number): literal(number)
        case .string(let text):
            separate()
            quote(text)
        case .array(let elements):
            begin("[")
            for element in elements { self.value(element, leavingOut: names) }
            end("]")
        case .object(let members):
            begin("{")
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                if names.contains(where: { key.isEqual(toLowercase: $0) }) { continue }
                separate()
                quote(key)
                bytes.append(UInt8(ascii: ":"))
                needsComma = false
                self.value(member, leavingOut: names)
            }
            end("}")
        }
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func name(_ key: StaticString) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(byte < 0x10 ? 0x30 : 0x31)
                bytes.append(contentsOf: String(byte & 0xF, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension String {
    /// Whether this is `other` but for the case of ASCII letters.
    ///
    /// - Parameter other: in lower case.
    fileprivate func isEqual(toLowercase other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return zip(utf8, other.utf8).allSatisfy { byte, expected in
            byte == expected || (0x41...0x5A ~= byte && byte | 0x20 == expected)
        }
    }
}
