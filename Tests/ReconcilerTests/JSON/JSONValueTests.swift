import Foundation
import Testing

@testable import Reconciler

@Suite("JSON of any shape")
struct JSONValueTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue(json: Array(text.utf8)) }

    @Test(
        "what RFC 8259 allows is read as it says, and written with sorted names and no white space",
        arguments: [
            ("null", "null"), (" true\r\n\t", "true"), ("false", "false"), ("0", "0"), ("-0.5e+10", "-0.5e+10"),
            ("89148000000000000014", "89148000000000000014"), ("\"\"", "\"\""), ("\"é€😀\"", "\"é€😀\""), ("[]", "[]"),
            ("[1, [2],{}]", "[1,[2],{}]"), (#"{"d":null , "a":{"b":"c"}}"#, #"{"a":{"b":"c"},"d":null}"#),
            (#"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#), (#"{"b":1,"\u0061":2}"#, #"{"a":2,"b":1}"#),
            ("\u{FEFF}{}", "{}"),
            (#""\u0041\/\u001F\n""#, #""A/\u001f\n""#),
        ])
    func read(text: String, canonical: String) throws {
        #expect(String(decoding: try value(text).canonicalBytes, as: UTF8.self) == canonical)
    }

    @Test(
        "an outline holds the outermost members as they are, and refuses what the whole would refuse",
        arguments: [
            #"{"a":"x","b":[1,{"a":"y"},[]],"c":{"a":{"a":"z"}},"A":null,"d":-1}"#, "[1,[2]]", "7", "{}", #"{"a":[}"#,
            #"{"a":{"b":}}"#, #"{"a":[1,2}"#, #"{"a":[{"b":"\x"}]}"#, "[[[[",
        ])
    func outline(text: String) throws {
        let whole = try? value(text)
        let outline = try? JSONValue(json: Array(text.utf8), .outline)
        #expect((whole == nil) == (outline == nil))
        #expect(whole?.isObject == outline?.isObject)
        let names = (whole?.members ?? []).map { $0.name.text }
        #expect((outline?.members ?? []).map { $0.name.text } == names)
        #expect((outline?.members ?? []).map { $0.value.text } == (whole?.members ?? []).map { $0.value.text })
        #expect(outline?["a"]?.text == whole?["a"]?.text)
    }

    @Test(
        "texts are what they stand for",
        arguments: [
            ("\"\"", ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"),
            (#""\u00e9\u20AC\ud83d\ude00""#, "é€😀"),
            (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"), ("\"é€😀\"", "é€😀"),
        ])
    func texts(text: String, expected: String) throws {
        let value = try value(text)
        #expect(value.string == expected)
        #expect(value.text == (expected.isEmpty ? nil : expected))
    }

    @Test("members are found without regard to case; the exact name goes first, and of two the last one")
    func members() throws {
        let object = try value(#"{"RequestId":"a","requestId":"b","REQUESTID":"c","x":[1,"2",3],"requestId":"d"}"#)
        #expect(object["requestId"]?.text == "d")
        #expect(object["REQUESTid"]?.text == "a")
        #expect(object["requestIds"] == nil)
        #expect(object["x"]?.elements.map(\.text) == ["1", "2", "3"])
        #expect(object["x"]?.string == nil)
        #expect(object.members.count == 5)
    }

    @Test(
        "what RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "nul", "truex", "01", "-", "1.", "1e", ".5", "+1", "\"", "\"\n\"", #""\x""#, #""\u12""#, #""\"#,
            "[",
            "[1", "[1,]", "[,1]", "{", "{a:1}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1"#, "{} {}", "'a'", "NaN",
            String(repeating: "[", count: 100_000),
        ])
    func refused(text: String) {
        #expect(throws: UnreadableJSON.self) { try value(text) }
    }

    @Test("objects with very many members, in any order, are written in order")
    func manyMembers() throws {
        let names = (0..<20_000).map { String(format: "m%05d", $0) }
        let members = names.reversed().map { "\"\($0)\":1" } + ["\"m00007\":2"]
        let bytes = try value("{" + members.joined(separator: ",") + "}").canonicalBytes
        let expected = names.map { $0 == "m00007" ? "\"\($0)\":2" : "\"\($0)\":1" }
        #expect(String(decoding: bytes, as: UTF8.self) == "{" + expected.joined(separator: ",") + "}")
    }

    @Test("bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: UnreadableJSON.self) { try JSONValue(json: [0x22, 0xFF, 0x22]) }
        #expect(throws: UnreadableJSON.self) { try JSONValue(json: [0x22, 0xC3, 0x22]) }
    }

    @Test("any value is read as Foundation reads it, and comes back as it was written", arguments: 1...20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = "{\"x\":\(Self.anyValue(&random, depth: 5))}"
        let bytes = try value(text).canonicalBytes
        #expect(try JSONValue(json: bytes).canonicalBytes == bytes, "seed \(seed)")
        let ours = try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary
        let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
        #expect(ours == theirs, "seed \(seed): \(text)")
    }

    private static func anyValue(_ random: inout SeededGenerator, depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return "null"
        case 1: return "\(Bool.random(using: &random))"
        case 2: return " \(Int.random(in: -1_000_000...1_000_000, using: &random))"
        case 3: return anyText(&random)
        case 4: return "[\((0..<4).map { _ in anyValue(&random, depth: depth - 1) }.joined(separator: " ,"))]"
        default:
            let members = (0..<4).map { "\(anyText(&random, prefix: "\($0)")): \(anyValue(&random, depth: depth - 1))" }
            return "{\(members.shuffled(using: &random).joined(separator: ","))}"
        }
    }

    /// A text in quotes; some of its characters as escapes.
    private static func anyText(_ random: inout SeededGenerator, prefix: String = "") -> String {
        var text = "\"" + prefix
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            let number = UInt32.random(in: 1..<0x11_0000, using: &random) >> (random.next() % 20)
            guard let scalar = Unicode.Scalar(max(number, 1)) else { continue }
            if number < 0x20 || scalar == "\"" || scalar == "\\" || Bool.random(using: &random) {
                for unit in String(scalar).utf16 { text += String(format: "\\u%04X", unit) }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
