/// Characters that cannot be seen, or pass for others: in names and identifiers they are slips of a keyboard or of a
/// program for tables.
enum HiddenScalar {
    /// The first of them in a text.
    static func first(in text: String) -> Unicode.Scalar? {
        if text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return nil }
        return text.unicodeScalars.first(where: isHidden)
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        case .spaceSeparator: scalar != " "
        case .initialPunctuation, .finalPunctuation: true
        // What looks like nothing: a filler, a variation of the character before, a low quote.
        default:
            scalar == "\u{201A}" || scalar == "\u{201E}" || scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Completes "found `...`": names the first of them.
    static func note(on text: String) -> String {
        guard let scalar = first(in: text) else { return "" }
        return ", which holds \(name(of: scalar))"
    }

    /// `U+00A0 (no-break space)`
    static func name(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return scalar.properties.name.map { "\(code) (\($0.lowercased()))" } ?? code
    }
}
