import Testing

@testable import Reconciler

@Suite("Texts and numbers for people")
struct VisibleTextTests {
    @Test("what a terminal obeys, ends a line or turns the writing is spelt out; all else stays")
    func visible() {
        for scalar: Unicode.Scalar in [
            "\u{1B}", "\u{9B}", "\n", "\r", "\u{2028}", "\u{202E}", "\u{2066}", "\u{200B}", "\0",
        ] {
            let digits = String(scalar.value, radix: 16)
            #expect("a\(scalar)b".visible == "a\\u{\(digits)}b", "\(digits)")
        }
        #expect("a\r\nb".visible == #"a\u{d}\u{a}b"#)
        for text in ["phoenix-7", "Zürich", "日本", "🧑‍🔧", "क्‍ष", "<&>"] { #expect(text.visible == text) }
    }

    @Test("a long text is cut, however its characters are put together")
    func cut() {
        #expect("phoenix".visible(upTo: 7) == "phoenix")
        #expect("phoenix".visible(upTo: 5) == "phoen…")
        let piled = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(piled.count == 1)
        #expect(piled.visible(upTo: 60).utf8.count < 200)
    }

    @Test(
        "numbers have a comma between thousands",
        arguments: [
            (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"), (100_000, "100,000"),
        ])
    func grouped(number: Int, text: String) {
        #expect(number.grouped == text)
        #expect(counted(number, "device") == text + " devices")
    }
}
