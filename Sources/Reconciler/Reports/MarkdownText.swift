/// Texts that come from manifests or the carrier, made harmless in GitHub's Markdown.
///
/// Punctuation is written as character references, which cannot be syntax (GitHub Flavored Markdown, section 6.2);
/// GitHub itself then finds mentions and issue numbers in the result, but not within code.
enum MarkdownText {
    /// A value, as code, within one line or table cell.
    static func code(_ text: String, limit: Int = 60) -> String {
        var result = "<code>"
        for scalar in text.visible(upTo: limit).unicodeScalars {
            if scalar == "@" {
                // In one piece it would be made a link to write to.
                result += reference(scalar) + "<wbr>"
            } else if scalar.isASCII, !scalar.isPlain {
                result += reference(scalar)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "</code>"
    }

    /// Sentences within one line or table cell; names in them do not become mentions.
    static func sentences(_ text: String, limit: Int = 400) -> String {
        var result = ""
        for scalar in text.visible(upTo: limit).unicodeScalars {
            if !scalar.isASCII || scalar.isPlain || ".,;'\"/=?%+".unicodeScalars.contains(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                result += reference(scalar)
                // A space without width: `@name` and `#12` mean something only in one piece.
                if scalar == "@" || scalar == "#" { result += "&#8203;" }
            }
        }
        return result
    }

    private static func reference(_ scalar: Unicode.Scalar) -> String { "&#\(scalar.value);" }
}

extension Unicode.Scalar {
    /// Whether an ASCII character means nothing to Markdown within a line.
    fileprivate var isPlain: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", " ", "-": true
        default: false
        }
    }
}
