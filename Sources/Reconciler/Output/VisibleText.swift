extension String {
    /// The text with every character spelt out (`\u{1b}`) that does not show itself, or that changes how others are
    /// shown: control characters (a terminal would obey them), line ends, marks that turn the direction of writing, tags,
    /// characters without width, and more marks on a letter than any language has.
    public var visible: String {
        guard !utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return self }
        var text = VisibleScalars()
        for scalar in unicodeScalars { text.append(scalar) }
        return text.string
    }

    /// The same, cut behind `limit` Unicode scalars.
    ///
    /// - Parameter ending: stands where more is left out.
    package func visible(upTo limit: Int, ending: String = "…") -> String {
        // What is cut off need not be spelt out before.
        let visible = String(unicodeScalars.prefix(limit + 1)).visible.unicodeScalars
        return visible.count > limit ? String(visible.prefix(limit)) + ending : String(visible)
    }

    /// The text fit for a sentence: within one line, at most `limit` Unicode scalars, and "..." where more is left out.
    /// Line ends and tabs are shown as spaces, everything else that does not show itself as its escape.
    package func excerpt(limit: Int) -> String {
        var text = VisibleScalars()
        var previous: Unicode.Scalar?
        for scalar in unicodeScalars {
            guard text.count < limit else { return text.string(upTo: limit) + "..." }
            let isSecondOfLineEnd = previous == "\r" && scalar == "\n"
            previous = scalar
            if isSecondOfLineEnd { continue }
            text.append(scalar.value < 0x20 && scalar.properties.isWhitespace ? " " : scalar)
        }
        return text.count > limit ? text.string(upTo: limit) + "..." : text.string
    }
}

/// A text that is put together scalar by scalar, with escapes for what does not show itself.
struct VisibleScalars {
    private var scalars = String.UnicodeScalarView()
    private(set) var count = 0
    private var rule = VisibilityRule()

    var string: String { String(scalars) }

    func string(upTo limit: Int) -> String { String(scalars.prefix(limit)) }

    mutating func append(_ scalar: Unicode.Scalar) {
        guard !rule.isVisible(scalar) else {
            scalars.append(scalar)
            count += 1
            return
        }
        let escape = "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
        scalars.append(contentsOf: escape)
        count += escape.count
    }
}

/// Says of one scalar after another whether it shows itself where it stands.
struct VisibilityRule {
    /// No letter of a language in use carries more marks.
    private static let markLimit = 8

    private var marks = 0
    private var previous: Unicode.Scalar?

    /// - Parameter scalar: the next one of the text.
    mutating func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        defer { previous = scalar }
        if scalar.isASCII {
            marks = 0
            return 0x20...0x7E ~= scalar.value
        }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        // Both join or part letters within words, which some scripts and emoji need.
        case .format: return Self.joiners.contains(scalar) && followsJoinable
        case .nonspacingMark, .enclosingMark:
            marks += 1
            guard marks <= Self.markLimit else { return false }
            // What chooses between two pictures of a character (U+FE0F) belongs to the character before it.
            return 0xFE00...0xFE0F ~= scalar.value
                ? previous.map { !$0.isASCII || ("0"..."9").contains($0) || $0 == "#" || $0 == "*" } ?? false
                : !scalar.properties.isDefaultIgnorableCodePoint
        default:
            marks = 0
            return !scalar.properties.isDefaultIgnorableCodePoint && !scalar.properties.isNoncharacterCodePoint
        }
    }

    private static let joiners: [Unicode.Scalar] = ["\u{200C}", "\u{200D}"]

    private var followsJoinable: Bool { previous.map { !$0.isASCII && !Self.joiners.contains($0) } ?? false }
}

/// JSON with escapes for all that does not show itself: the values are the same, and a terminal obeys none of them.
public enum VisibleJSON {
    /// - Parameter bytes: of whole texts, as UTF-8. Control characters are escaped in them already.
    public static func bytes(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x7F }) else { return bytes }
        var rule = VisibilityRule()
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let isVisible = rule.isVisible(scalar)
            if scalar.value < 0x7F || isVisible {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    let digits = String(unit, radix: 16)
                    result.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
                }
            }
        }
        return result
    }
}
