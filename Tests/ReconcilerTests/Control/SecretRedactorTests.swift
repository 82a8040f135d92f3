import Foundation
import Testing

@testable import Reconciler

@Suite("Secrets in texts from outside")
struct SecretRedactorTests {
    private static let secret = "s3cr/t +p&ss\"wört"
    private let redactor = SecretRedactor(
        secrets: ["5ecret-token", "hush"], pairs: [SecretRedactor.Pair(name: "key", secret: secret)])

    private static var spellings: [String] {
        let data = Data(secret.utf8).base64EncodedString()
        return [
            secret, data, data.replacing("=", with: ""), data.replacing("/", with: "_").replacing("+", with: "-"),
            Data("key:\(secret)".utf8).base64EncodedString(),
            "s3cr%2Ft%20%2Bp%26ss%22w%C3%B6rt", "s3cr%2ft%20%2bp%26ss%22w%c3%b6rt", "s3cr%2Ft+%2Bp%26ss%22w%C3%B6rt",
            "s3cr/t +p&amp;ss&quot;wört", "5ecret-token",
        ]
    }

    @Test("a value is replaced in every spelling, alone and within a text", arguments: spellings)
    func spelling(text: String) {
        for around in ["\(text)", "invalid: \(text).", "Basic \(text)", "a=\(text)&b", "x\(text)x"] {
            let shown = redactor.redacted(around)
            #expect(shown.contains("<redacted>") && !shown.contains(text), "\(around) became \(shown)")
        }
    }

    @Test("a short value counts as a word of its own, so that other words stay as they are")
    func shortValues() {
        #expect(redactor.redacted("hush, no hushing: \"hush\"") == "<redacted>, no hushing: \"<redacted>\"")
        let digits = SecretRedactor(secrets: ["89148000"])
        #expect(digits.redacted("89148000000001204008 is no 89148000") == "89148000000001204008 is no <redacted>")
    }

    @Test(
        "user names and passwords in URLs are replaced, whatever they are",
        arguments: [
            ("https://u:p@host/x", "https://<redacted>@host/x"),
            ("see https://u@host.", "see https://<redacted>@host."),
            ("https://u:p@x@host?a@b", "https://<redacted>@host?a@b"), ("https://host/a@b", "https://host/a@b"),
            ("mail a@b", "mail a@b"), ("https://<redacted>@host/x", "https://<redacted>@host/x"), ("://", "://"),
        ])
    func userInfo(text: String, expected: String) {
        #expect(SecretRedactor().redacted(text) == expected)
    }

    @Test("JSON stays JSON: values and long names are replaced, whatever their escapes are")
    func json() throws {
        let body = #"""
            {"password": "5ecret-token", "hush": 1, "a": ["5ecr\u0065t-token", {"5ecret-token": "hu\u0073h"}],
             "key": "password", "value": "hush", "url": "https:\/\/u:p@h\/x", "n": 12, "t": "a \"hush\" b"}
            """#
        let shown = redactor.redacted(body: Array(body.utf8))
        let value = try JSONValue(json: shown)
        #expect(value["password"]?.text == "<redacted>" && value["value"]?.text == "<redacted>")
        #expect(value["hush"]?.text == "1" && value["n"]?.text == "12")
        #expect(value["a"]?.elements.first?.text == "<redacted>")
        #expect(value["a"]?.elements.last?["<redacted>"]?.text == "<redacted>")
        #expect(value["url"]?.text == "https://<redacted>@h/x")
        #expect(value["t"]?.text == "a \"<redacted>\" b")
    }

    @Test(
        "a body without secrets, and one that is no JSON, lose nothing else",
        arguments: [
            "{\"a\": [1, true, null, \"x\\u00e9\"]}", "", "<html>5</html>", "{\"a\": \"unfinished",
            "[\"\\\"\", \"\\\\\"]",
            "{\"a\\", "\"", "{}", "[[[[",
        ])
    func untouched(body: String) {
        #expect(redactor.redacted(body: Array(body.utf8)) == Array(body.utf8))
        let page = "<p>\(body) 5ecret-token</p>"
        #expect(
            String(decoding: redactor.redacted(body: Array(page.utf8)), as: UTF8.self) == "<p>\(body) <redacted></p>")
    }

    @Test("it cannot be printed itself")
    func unprintable() {
        var dumped = ""
        dump(redactor, to: &dumped)
        #expect(!"\(redactor) \(String(reflecting: redactor)) \(dumped)".contains("hush"))
    }
}
