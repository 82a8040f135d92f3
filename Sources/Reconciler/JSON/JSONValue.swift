/// Any JSON, for messages whose shape is not promised: object keys are found without regard to case.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as it was written, so that a long identifier that came as a number keeps its digits.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Nesting beyond this is refused.
    static let maximumDepth = 64

    /// - Throws: `UnreadableJSON`
    init(json: [UInt8]) throws(UnreadableJSON) {
        let result = json.withUnsafeBytes { bytes in
            Result { () throws(UnreadableJSON) in try JSONParser.value(of: bytes) }
        }
        self = try result.get()
    }

    /// The member of an object whose key is this but for case.
    subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
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

    /// The JSON with sorted keys and without white space: equal values give equal texts.
    var canonicalText: String { String(decoding: canonicalBytes(), as: UTF8.self) }

    /// The bytes of `canonicalText`.
    ///
    /// - Parameter names: in lower case, of members that are left out, at any depth and in any letter case.
    func canonicalBytes(leavingOut names: [String] = []) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self) { name in names.contains { name.isEqualIgnoringCase(to: $0) } ? .leftOut : .written }
        return writer.bytes
    }
}

/// A text that is not JSON, or not JSON that anybody should send.
struct UnreadableJSON: Error, Hashable, Sendable {
    let reason: String
}
