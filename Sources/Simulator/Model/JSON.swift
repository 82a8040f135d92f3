/// JSON to be sent, members in the order given.
enum JSON: Sendable {
    case null
    case string(String)
    case number(Int)
    case bool(Bool)
    case array([JSON])
    case object([(String, JSON)])

    var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .string(let string): Self.quote(string, to: &text)
        case .number(let number): text += String(number)
        case .bool(let value): text += value ? "true" : "false"
        case .array(let elements):
            text += "["
            for (number, element) in elements.enumerated() {
                if number > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (number, member) in members.enumerated() {
                if number > 0 { text += "," }
                Self.quote(member.0, to: &text)
                text += ":"
                member.1.write(to: &text)
            }
            text += "}"
        }
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        if string.utf8.contains(where: needsEscape) {
            for scalar in string.unicodeScalars { text += escaped(scalar) }
        } else {
            text += string
        }
        text += "\""
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        guard scalar.isASCII, needsEscape(UInt8(ascii: scalar)) else { return String(scalar) }
        if scalar == "\"" || scalar == "\\" { return "\\" + String(scalar) }
        let hex = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
}
