import Foundation
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

    @Test("what has no width, tags and piled marks are spelt out, except where a script needs them")
    func invisible() {
        for scalar: Unicode.Scalar in [
            "\u{85}", "\u{E0041}", "\u{FEFF}", "\u{AD}", "\u{3164}", "\u{115F}", "\u{E0100}", "\u{FE00}", "\u{200D}",
            "\u{7F}", "\u{2029}",
        ] {
            #expect("a\(scalar)b".visible == "a\\u{\(String(scalar.value, radix: 16))}b")
        }
        let piled = "a" + String(repeating: "\u{301}", count: 9)
        #expect(piled.visible == "a" + String(repeating: "\u{301}", count: 8) + #"\u{301}"#)
        for text in ["❤️", "1️⃣", "👩‍❤️‍👨", "می‌خواهم", "ก็ดี"] { #expect(text.visible == text) }
    }

    @Test("an excerpt is one line of bounded length, whatever it is of")
    func excerpt() {
        #expect("a\r\nb\tc".excerpt(limit: 60) == "a b c")
        #expect("phoenix".excerpt(limit: 7) == "phoenix" && "phoenix".excerpt(limit: 5) == "phoen...")
        for scalar: Unicode.Scalar in ["\u{85}", "\u{9B}", "\u{2028}", "\u{202E}", "\u{E0041}", "\u{1B}"] {
            #expect(!"a\(scalar)b".excerpt(limit: 60).unicodeScalars.contains(scalar))
        }
        let piled = "a" + String(repeating: "\u{301}", count: 3_000_000)
        #expect(piled.excerpt(limit: 60).unicodeScalars.count <= 63)
    }

    @Test("JSON keeps its values, and shows nothing that a terminal obeys")
    func json() throws {
        let value = ["a\u{9B}2J", "\u{202E}x", "\u{E0041}", "Zürich", "\u{7F}\u{2028}"]
        let bytes = VisibleJSON.bytes(Array(try JSONEncoder().encode(value)))
        #expect(try JSONDecoder().decode([String].self, from: Data(bytes)) == value)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.visible == text && text.contains("Zürich") && text.contains(#"\udb40\udc41"#))
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
