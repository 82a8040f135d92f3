import Testing

@testable import Reconciler

@Suite("Text that may be printed")
struct DisplayTextTests {
    @Test("what the program says stays, and values between it are cleaned")
    func values() {
        let value = "a\nb\u{1B}[2J\u{202E}"
        let text: DisplayText = "one\ntwo \(value) \(7) \(DisplayText(value, limit: 2))"
        #expect(text.description == "one\ntwo " + #"a\u{a}b\u{1b}[2J\u{202e} 7 a\..."#)
    }

    @Test("a value is bounded by its scalars, not by what looks like one character")
    func bounded() {
        let piled = "a" + String(repeating: "\u{301}", count: 100_000)
        let text: DisplayText = "<\(piled)> <\(piled, limit: 10)>"
        #expect(text.description.unicodeScalars.count < DisplayText.valueLimit + 100)
    }

    @Test("no value begins a line with a command of a workflow")
    func commands() {
        let value = "::error::x"
        for text: DisplayText in ["\(value)", "    \(value)", "a:\n  \(value)", "\("  ")\(value)", "\(":")\(":x")"] {
            #expect(!text.description.contains("\n::") && !text.description.contains("  ::"), "\(text)")
            #expect(!text.description.hasPrefix("::"), "\(text)")
        }
        #expect(("at \(value)" as DisplayText).description == "at ::error::x")
        #expect(!("at \("##[error]x")" as DisplayText).description.contains("##["))
    }

    @Test("a line is cut to the columns of a terminal, wide characters and marks counted")
    func columns() {
        for (text, columns, cut) in [
            ("phoenix", 7, "phoenix"), ("phoenix", 6, "phoen…"), ("日本語", 5, "日本…"), ("日本語", 6, "日本語"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"), ("phoenix", 0, ""),
        ] { #expect(DisplayText(text).cut(toColumns: columns).description == cut, "\(text)") }
    }

    @Test("lines of several are the program's own; others are one line")
    func errors() {
        #expect(DisplayText(error: SettingsError("a\nb")).description == #"a\u{a}b"#)
        let two = ["found a\nb", "found c"].map {
            Complaint(.error, at: nil, found: String($0.dropFirst(6)), expected: "d")
        }
        let lines = DisplayText(error: SettingsError(two)).description.split(separator: "\n")
        #expect(lines.count == 2, "\(lines)")
    }
}
