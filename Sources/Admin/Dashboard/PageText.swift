import Mustache

/// Escapes text for HTML, inside and outside of attributes.
///
/// The template library's own escaping goes by characters, and does not see a quotation mark that a combining accent
/// makes another character of; this one goes by scalars. Characters that do not show themselves, or change how others
/// are shown, become U+FFFD: the carrier's words must look like what they are.
struct PageText: MustacheContentType {
    func escapeText(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n": escaped += "\n"
            case _ where !scalar.isVisible: escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Unicode.Scalar {
    fileprivate var isVisible: Bool {
        if 0x20...0x7E ~= value { return true }
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        // Both join or part letters within words, which some scripts and emoji need.
        case .format: return self == "\u{200C}" || self == "\u{200D}"
        default: return true
        }
    }
}
