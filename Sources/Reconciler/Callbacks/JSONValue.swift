import Foundation

/// Any JSON, for messages whose shape is not promised: object keys are found without regard to case.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as a decimal text, so that a long identifier that came as a number keeps its digits if it can.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Nesting beyond this is refused.
    static let maximumDepth = 64

    /// - Throws: `UnreadableJSON`
    init(json: [UInt8]) throws(UnreadableJSON) {
        let any: Any
        do {
            any = try JSONSerialization.jsonObject(with: Data(json), options: [.fragmentsAllowed])
        } catch {
            throw UnreadableJSON(reason: "not JSON")
        }
        try self.init(any, depth: 0)
    }

    private init(_ any: Any, depth: Int) throws(UnreadableJSON) {
        guard depth < Self.maximumDepth else { throw UnreadableJSON(reason: "nested too deeply") }
        switch any {
        case let text as String:
            self = .string(text)
        case let list as [Any]:
            var values: [JSONValue] = []
            values.reserveCapacity(list.count)
            for element in list { values.append(try JSONValue(element, depth: depth + 1)) }
            self = .array(values)
        case let dictionary as [String: Any]:
            var values: [String: JSONValue] = [:]
            for (key, element) in dictionary { values[key] = try JSONValue(element, depth: depth + 1) }
            self = .object(values)
        case let number as NSNumber:
            // Foundation on Linux gives true and false as numbers of the C type `char`.
            if isBoolean(number) {
                self = .bool(number.boolValue)
            } else {
                self = .number(number.stringValue)
            }
        default:
            self = .null
        }
    }

    /// The member of an object whose key is this but for case.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        if let exact = members[key] { return exact }
        let folded = key.lowercased()
        return members.first { $0.key.lowercased() == folded }?.value
    }

    /// The text of a string or a number; `nil` for an empty one and for anything else.
    var text: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }

    var elements: [JSONValue] {
        if case .array(let elements) = self { return elements }
        return []
    }

    /// The value without members that have one of these names (in lower case), at any depth.
    func removing(_ names: Set<String>) -> JSONValue {
        switch self {
        case .array(let elements):
            .array(elements.map { $0.removing(names) })
        case .object(let members):
            .object(members.filter { !names.contains($0.key.lowercased()) }.mapValues { $0.removing(names) })
        case .null, .bool, .number, .string:
            self
        }
    }

    /// The JSON with sorted keys and without white space: equal values give equal texts.
    var canonicalText: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number
        case .string(let string): Self.quote(string, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += "," }
                Self.quote(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// A text that is not JSON, or not JSON that anybody should send.
struct UnreadableJSON: Error, Hashable, Sendable {
    let reason: String
}

private func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
}
