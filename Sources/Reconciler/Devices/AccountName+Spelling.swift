extension AccountName {
    /// Whether it is the same name in another spelling: blanks, leading zeros, other dashes, letter case.
    func isSpelling(of other: AccountName) -> Bool { self != other && folded == other.folded }

    private var folded: [Substring] {
        var text = ""
        for scalar in description.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .dashPunctuation, .mathSymbol: text.append("-")
            case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format: break
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text.lowercased().split(separator: "-").map { $0.drop { $0 == "0" } }
    }

    /// The name between quotation marks, so that blanks around it are seen.
    var quoted: String { "\"\(description.excerpt(limit: 80))\"" }
}

extension ICCID {
    /// Whether it is the same number with more or fewer digits at the end: the check digit is left out by some.
    func isSpelling(of other: ICCID) -> Bool {
        let (mine, theirs) = (description, other.description)
        return mine != theirs && (mine.hasPrefix(theirs) || theirs.hasPrefix(mine))
    }
}
