import Foundation
import Testing

@testable import Reconciler

@Suite("JSON of any shape")
struct JSONValueTests {
    private func value(_ text: String) throws -> JSONValue { try JSONValue(json: Array(text.utf8)) }

    @Test(
        "what RFC 8259 allows is read as it says",
        arguments: [
            ("null", JSONValue.null), (" true\r\n\t", .bool(true)), ("false", .bool(false)), ("0", .number("0")),
            ("-0.5e+10", .number("-0.5e+10")), ("89148000000000000014", .number("89148000000000000014")),
            ("\"\"", .string("")), (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{C}\n\r\tz")),
            (#""\u00e9\u20AC\ud83d\ude00""#, .string("é€😀")), (#""\ud83dx""#, .string("\u{FFFD}x")),
            (#""\ud83d\u0041""#, .string("\u{FFFD}A")), ("\"é€😀\"", .string("é€😀")), ("[]", .array([])),
            ("[1, [2],{}]", .array([.number("1"), .array([.number("2")]), .object([:])])),
            (#"{"a":{"b":"c"} , "d":null}"#, .object(["a": .object(["b": .string("c")]), "d": .null])),
            ("\u{FEFF}{}", .object([:])),
        ])
    func read(text: String, expected: JSONValue) throws {
        #expect(try value(text) == expected)
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

    @Test("bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: UnreadableJSON.self) { try JSONValue(json: [0x22, 0xFF, 0x22]) }
        #expect(throws: UnreadableJSON.self) { try JSONValue(json: [0x22, 0xC3, 0x22]) }
    }

    @Test("any value comes back as it was written, and Foundation reads it too", arguments: 1...20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = JSONValue.object(["x": Self.anyValue(&random, depth: 5)])
        let bytes = value.canonicalBytes()
        #expect(try JSONValue(json: bytes) == value, "seed \(seed)")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(bytes)) }
    }

    private static func anyValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(String(Int.random(in: -1_000_000...1_000_000, using: &random)))
        case 3: return .string(anyText(&random))
        case 4: return .array((0..<4).map { _ in anyValue(&random, depth: depth - 1) })
        default:
            return .object(
                JSONObject(
                    (0..<4).map { _ in
                        JSONObject.Member(name: anyText(&random), value: anyValue(&random, depth: depth - 1))
                    }))
        }
    }

    private static func anyText(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random) >> (random.next() % 20)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
