import Testing

@testable import Reconciler

@Suite("Selectors")
struct DeviceSelectorTests {
    @Test(
        "a selector that cannot be read says why, and what was probably meant",
        arguments: [
            ("", "a term is empty"), ("a,", "`a` has none of eid:, iccid:"), ("set:a,", "a term is empty"),
            ("lable:site=x", "did you mean `label`?"), ("EID:1", "did you mean `eid`?"), ("site=x", "`label:site=x`"),
            ("imei:1", "there is no `imei:`"), ("eid:", "nothing behind it"), ("label:", "KEY=VALUE"),
            ("label:=x", "no name"), ("eid:12x", "digits only"), ("iccid:-1", "digits only"),
            ("eid:000000000000000000000000000000001", "33 digits, and an EID has at most 32"),
            ("iccid:000000000000000000001", "21 digits, and an ICCID has at most 20"),
            ("123", "3 digits are neither"), ("000000000000000000000000000000001", "33 digits are neither"),
        ])
    func refused(text: String, words: String) throws {
        let error = try #require(throws: SelectionError.self) { try DeviceSelector(text) }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test("a bare number is an EID or an ICCID by its length")
    func bare() throws {
        let eid = try Fleets.eid(1).description
        let iccid = try Fleets.iccid(1).description
        #expect(try DeviceSelector(eid).terms == DeviceSelector("eid:\(eid)").terms)
        #expect(try DeviceSelector(iccid).terms == DeviceSelector("iccid:\(iccid)").terms)
        #expect(try DeviceSelector(String(iccid.dropLast())).terms == DeviceSelector("iccid:\(iccid.dropLast())").terms)
    }

    @Test("commas and equals signs with a backslash before them belong to the value")
    func escapes() throws {
        #expect(try DeviceSelector("set:a,account:b").terms == [.set("a"), .account("b")])
        #expect(try DeviceSelector(#"set:a\,account:b"#).terms == [.set("a,account:b")])
        #expect(try DeviceSelector("label:k=v=w").terms == [.label("k", "v=w")])
        #expect(try DeviceSelector(#"label:k\=v=w"#).terms == [.label("k=v", "w")])
        #expect(try DeviceSelector("label:k=").terms == [.label("k", "")])
        #expect(try DeviceSelector("label:k").terms == [.label("k", nil)])
        #expect(try DeviceSelector("account:a:b").terms == [.account("a:b")])
    }

    @Test(
        "* stands for any run, ? for one character, and a backslash takes their meaning",
        arguments: [
            ("", "", true), ("*", "", true), ("?", "", false), ("a*", "a", true), ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abbc", true), ("a*c", "acb", false), ("a?c", "abc", true), ("a?c", "ac", false), ("?", "ü", true),
            ("??", "ü", false), ("a\\*", "a*", true), ("a\\*", "ab", false), ("a\\?", "a?", true), ("a\\", "a\\", true),
            ("*ab*ab", "abab", true), ("*ab*ab", "abbab", true), ("*ab*ab", "ab", false), ("A", "a", false),
        ])
    func patterns(pattern: String, text: String, isMatch: Bool) {
        #expect(SelectorPattern(pattern).matches(text) == isMatch)
    }

    @Test("random patterns match what a plain definition of them matches", arguments: 1...20)
    func randomPatterns(seed: UInt64) {
        func isMatch(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            let rest = pattern.dropFirst()
            if first == "*" { return (0...text.count).contains { isMatch(rest, text.dropFirst($0)) } }
            guard let character = text.first, first == "?" || first == character else { return false }
            return isMatch(rest, text.dropFirst())
        }
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let pattern = String(
                (0..<Int.random(in: 0..<7, using: &random)).map { _ in
                    "ab*?é".randomElement(using: &random) ?? "a"
                })
            let text = String(
                (0..<Int.random(in: 0..<8, using: &random)).map { _ in
                    "abé".randomElement(using: &random) ?? "a"
                })
            #expect(
                SelectorPattern(pattern).matches(text) == isMatch(Array(pattern)[...], Array(text)[...]),
                "seed \(seed): \(pattern) and \(text)")
        }
    }
}

extension SelectorPattern: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text.replacing("\\", with: "\\\\")) }
}
