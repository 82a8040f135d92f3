/// A part of a comment that opens: a table or a list, of which rows may be left out.
struct MarkdownSection {
    /// What a row is about.
    enum Subject: String {
        case device
        case drift = "drifted device"
        case value
    }

    /// HTML.
    let title: String
    /// The two lines above the rows of a table; `nil` for a list.
    let header: String?
    let rows: [String]
    /// How many rows there would be.
    let total: Int
    let subject: Subject
    let isOpen: Bool

    /// The bytes of all rows.
    var rowSize: Int { rows.reduce(0) { $0 + $1.utf8.count + 1 } }

    /// The bytes of all else.
    var fixedSize: Int { text(rows[..<0]).utf8.count }

    /// The first rows, as far as they fit.
    func rows(within size: Int) -> ArraySlice<String> {
        var rest = size
        let end = rows.firstIndex { row in
            rest -= row.utf8.count + 1
            return rest < 0
        }
        return rows[..<(end ?? rows.count)]
    }

    func text(_ rows: ArraySlice<String>) -> String {
        var text = "<details\(isOpen ? " open" : "")><summary>\(title)</summary>\n\n"
        if let header { text += header + "\n" }
        for row in rows { text += row + "\n" }
        if rows.count < total { text += "\n… and \(counted(total - rows.count, "more \(subject.rawValue)")).\n" }
        return text + "\n</details>\n\n"
    }
}
