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

    /// Writes an element of an array.
    mutating func element(_ text: String) {
        separate()
        quote(text)
    }

    /// Writes an element of an array.
    mutating func element(_ number: some FixedWidthInteger) { literal(String(number)) }

    mutating func member(_ key: StaticString, _ truth: Bool) {
        separate()
        name(key)
        bytes.append(contentsOf: (truth ? "true" : "false").utf8)
    }

    mutating func member(_ key: StaticString, _ numbers: [String: Int]) {
        begin("{", key)
        members(numbers)
        end("}")
    }

    private mutating func member(named key: String, _ numbers: [String: Int]) {
        name(key)
        begin("{")
        members(numbers)
        end("}")
    }

    private mutating func members(_ numbers: [String: Int]) {
        for (key, number) in numbers.sorted(by: { $0.key < $1.key }) {
            name(key)
            literal(String(number))
        }
    }

    mutating func member(_ key: StaticString, _ groups: [String: [String: Int]]) {
        object(key) { writer in
            for (key, numbers) in groups.sorted(by: { $0.key < $1.key }) { writer.member(named: key, numbers) }
        }
    }

    mutating func member(_ key: StaticString, _ json: JSONValue) {
        separate()
        name(key)
        needsComma = false
        value(json)
    }

    mutating func member(_ key: StaticString, _ texts: [String: String]) {
        begin("{", key)
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            self.name(name)
            needsComma = false
            separate()
            quote(text)
        }
        end("}")
    }

    mutating func member(_ key: StaticString, _ texts: [String]) {
        begin("[", key)
        texts.forEach { element($0) }
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

    /// Writes any value, the members of objects in the order of their names; of a name that comes twice the last one.
    ///
    /// - Parameter isLeftOut: whether a member with this name, so many levels deep (0 at the top), is left out.
    mutating func value(_ value: JSONValue, leavingOut isLeftOut: (JSONValue, Int) -> Bool = { _, _ in false }) {
        write(value.tape, value.index, depth: 0, isLeftOut)
    }

    private mutating func write(
        _ tape: JSONTape, _ index: Int32, depth: Int, _ isLeftOut: (JSONValue, Int) -> Bool
    ) {
        let node = tape.nodes[Int(index)]
        switch node.kind {
        case .null, .bool, .number:
            separate()
            tape.withBytes(of: index) { bytes.append(contentsOf: $0) }
        case .string, .escapedString:
            separate()
            quote(tape, index)
        case .array:
            begin("[")
            var child = index + 1
            while child < node.next {
                write(tape, child, depth: depth + 1, isLeftOut)
                child = tape.nodes[Int(child)].next
            }
            end("]")
        case .object:
            begin("{")
            for name in tape.orderedNames(of: index) where !isLeftOut(JSONValue(tape: tape, index: name), depth) {
                separate()
                quote(tape, name)
                bytes.append(UInt8(ascii: ":"))
                needsComma = false
                write(tape, tape.nodes[Int(name)].next, depth: depth + 1, isLeftOut)
            }
            end("}")
        }
    }

    /// Adds a member to the object that was written last.
    mutating func addToObject(
        _ name: JSONValue, _ value: JSONValue, leavingOut isLeftOut: (JSONValue, Int) -> Bool
    ) {
        guard bytes.last == UInt8(ascii: "}") else { return }
        bytes.removeLast()
        needsComma = bytes.last != UInt8(ascii: "{")
        separate()
        quote(name.tape, name.index)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        self.value(value, leavingOut: isLeftOut)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Writes a text that was read: without escapes as it stood there.
    private mutating func quote(_ tape: JSONTape, _ index: Int32) {
        guard tape.nodes[Int(index)].kind == .string else {
            return quote(JSONValue(tape: tape, index: index).string ?? "")
        }
        bytes.append(UInt8(ascii: "\""))
        tape.withBytes(of: index) { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a name, behind which its value is written without a comma.
    private mutating func name(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
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
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var rest = utf8[...]
            // What needs no escape, mostly all of it, is copied at once.
            while let index = rest.firstIndex(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) {
                bytes.append(contentsOf: rest[..<index])
                escape(rest[index])
                rest = rest[(index + 1)...]
            }
            bytes.append(contentsOf: rest)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        default:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(byte < 0x10 ? 0x30 : 0x31)
            bytes.append(contentsOf: String(byte & 0xF, radix: 16).utf8)
        }
    }
}

extension JSONTape {
    /// The numbers of the names of an object's members, in the order of the names; of a name that comes twice the
    /// last one.
    fileprivate func orderedNames(of object: Int32) -> ContiguousArray<Int32> {
        var names: ContiguousArray<Int32> = []
        var name = object + 1
        while name < nodes[Int(object)].next {
            names.append(name)
            name = nodes[Int(nodes[Int(name)].next)].next
        }
        if zip(names, names.dropFirst()).allSatisfy({ precedes($0, $1) }) { return names }
        // Later ones first among equals, so that those behind them are the ones to drop.
        names.sort { precedes($0, $1) || ($0 > $1 && !precedes($1, $0)) }
        var ordered: ContiguousArray<Int32> = []
        ordered.reserveCapacity(names.count)
        for name in names {
            if let last = ordered.last, !precedes(last, name) { continue }
            ordered.append(name)
        }
        return ordered
    }

    /// Whether a text comes before another one, by their UTF-8.
    private func precedes(_ text: Int32, _ other: Int32) -> Bool {
        guard nodes[Int(text)].kind == .string, nodes[Int(other)].kind == .string else {
            return string(text).utf8.lexicographicallyPrecedes(string(other).utf8)
        }
        return withBytes(of: text) { mine in
            withBytes(of: other) { mine.lexicographicallyPrecedes($0) }
        }
    }

    private func string(_ text: Int32) -> String { JSONValue(tape: self, index: text).string ?? "" }
}
