/// Any JSON, for messages whose shape is not promised: object keys are found without regard to case.
///
/// It is a place in the text that it was read from, and keeps all of that in memory. A number is kept as it was
/// written, so that a long identifier that came as a number keeps its digits.
struct JSONValue: Sendable {
    let tape: JSONTape
    let index: Int32

    /// Nesting beyond this is refused.
    static let maximumDepth = 64

    static let null = JSONValue(
        tape: JSONTape(bytes: [], nodes: [JSONTape.Node(kind: .null, start: 0, end: 0, next: 1)]), index: 0)

    init(tape: JSONTape, index: Int32) {
        self.tape = tape
        self.index = index
    }

    /// - Throws: `UnreadableJSON`
    init(json: [UInt8], _ extent: JSONParser.Extent = .whole) throws(UnreadableJSON) {
        tape = try JSONParser.tape(of: json, extent)
        index = 0
    }

    private var node: JSONTape.Node { tape.nodes[Int(index)] }

    var isObject: Bool { node.kind == .object }
    var isArray: Bool { node.kind == .array }

    /// The text of a string or a number; `nil` for an empty one and for anything else.
    var text: String? {
        switch node.kind {
        case .string, .number:
            node.start == node.end ? nil : tape.withBytes(of: index) { String(decoding: $0, as: UTF8.self) }
        case .escapedString: unescaped
        case .null, .bool, .array, .object: nil
        }
    }

    /// The text of a string, empty or not; `nil` for anything else.
    var string: String? {
        switch node.kind {
        case .string, .escapedString: text ?? ""
        case .null, .bool, .number, .array, .object: nil
        }
    }

    private var unescaped: String {
        tape.withBytes(of: index) { JSONParser.unescaped($0) }
    }

    var bool: Bool? {
        guard node.kind == .bool else { return nil }
        return tape.bytes[Int(node.start)] == UInt8(ascii: "t")
    }

    /// The elements of an array; none of anything else.
    var elements: [JSONValue] {
        guard node.kind == .array else { return [] }
        var elements: [JSONValue] = []
        var child = index + 1
        while child < node.next {
            elements.append(JSONValue(tape: tape, index: child))
            child = tape.nodes[Int(child)].next
        }
        return elements
    }

    /// The members of an object in the order of the text; none of anything else.
    var members: [(name: JSONValue, value: JSONValue)] {
        guard isObject else { return [] }
        var members: [(name: JSONValue, value: JSONValue)] = []
        var child = index + 1
        while child < node.next {
            let value = tape.nodes[Int(child)].next
            members.append((JSONValue(tape: tape, index: child), JSONValue(tape: tape, index: value)))
            child = tape.nodes[Int(value)].next
        }
        return members
    }

    /// The member of an object whose name is this: of several the last, and if there is none, the first whose name
    /// is this but for the case of ASCII letters.
    subscript(name: StaticString) -> JSONValue? {
        guard isObject else { return nil }
        var found: Int32?
        var similar: Int32?
        var child = index + 1
        while child < node.next {
            let value = tape.nodes[Int(child)].next
            switch JSONValue(tape: tape, index: child).likeness(to: name) {
            case .same: found = value
            case .similar: similar = similar ?? value
            case .other: break
            }
            child = tape.nodes[Int(value)].next
        }
        return (found ?? similar).map { JSONValue(tape: tape, index: $0) }
    }

    private enum Likeness {
        case same
        case similar
        case other
    }

    /// Whether it is this text but for the case of ASCII letters.
    func isText(_ text: StaticString) -> Bool { likeness(to: text) != .other }

    private func likeness(to name: StaticString) -> Likeness {
        switch node.kind {
        case .string: return tape.withBytes(of: index) { Self.likeness($0, to: name) }
        case .escapedString:
            var text = unescaped
            return text.withUTF8 { Self.likeness(UnsafeRawBufferPointer($0), to: name) }
        case .null, .bool, .number, .array, .object: return .other
        }
    }

    private static func likeness(_ bytes: UnsafeRawBufferPointer, to name: StaticString) -> Likeness {
        guard bytes.count == name.utf8CodeUnitCount else { return .other }
        var isSame = true
        for (offset, byte) in bytes.enumerated() {
            let expected = name.utf8Start[offset]
            if byte == expected { continue }
            guard byte ^ expected == 0x20, 0x61...0x7A ~= byte | 0x20 else { return .other }
            isSame = false
        }
        return isSame ? .same : .similar
    }

    /// The bytes of the JSON with members in the order of their names and without white space: equal values give
    /// equal bytes.
    var canonicalBytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}

extension JSONValue: Equatable {
    static func == (left: Self, right: Self) -> Bool { left.canonicalBytes == right.canonicalBytes }
}

/// A text that is not JSON, or not JSON that anybody should send.
struct UnreadableJSON: Error, Hashable, Sendable {
    let reason: String
}
