extension String {
    /// The text with U+FFFD for every character that does not show itself, or that changes how others are shown:
    /// control characters (a terminal would obey them), line ends, marks that turn the direction of writing.
    public var visible: String {
        guard !utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return self }
        var shown = String.UnicodeScalarView()
        shown.append(contentsOf: unicodeScalars.lazy.map { $0.isVisible ? $0 : "\u{FFFD}" })
        return String(shown)
    }

    /// The same, cut behind `limit` Unicode scalars.
    func visible(upTo limit: Int) -> String {
        guard let end = unicodeScalars.index(startIndex, offsetBy: limit, limitedBy: endIndex), end < endIndex else {
            return visible
        }
        return String(unicodeScalars[..<end]).visible + "…"
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
