extension String {
    /// The text with every character spelt out (`\u{1b}`) that does not show itself, or that changes how others are
    /// shown: control characters (a terminal would obey them), line ends, marks that turn the direction of writing.
    public var visible: String {
        guard !utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isVisible {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
    }

    /// The same, cut behind `limit` Unicode scalars.
    func visible(upTo limit: Int) -> String {
        // What is cut off need not be spelt out before.
        let visible = String(unicodeScalars.prefix(limit + 1)).visible.unicodeScalars
        return visible.count > limit ? String(visible.prefix(limit)) + "…" : String(visible)
    }
}

extension Unicode.Scalar {
    fileprivate var isVisible: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
        // Both join or part letters within words, which some scripts and emoji need.
        case .format: self == "\u{200C}" || self == "\u{200D}"
        default: true
        }
    }
}
