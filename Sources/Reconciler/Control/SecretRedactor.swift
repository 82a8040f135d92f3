import Foundation

/// Replaces the values of secrets in what comes from outside, before anything of it is printed, logged or stored.
///
/// A value is found as it is, in base64, percent-encoded and with the escapes of HTML; of a name and its secret the pair
/// of `Authorization: Basic` as well. User names and passwords in URLs are replaced whatever they are.
public struct SecretRedactor: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What is looked for.
    private struct Needle: Sendable {
        let bytes: [UInt8]
        /// Whether it counts within a longer word, too. A short one, or a number, may stand there by chance.
        let countsWithinWords: Bool
    }

    /// A name and its secret, as `Authorization: Basic` carries them.
    public struct Pair: Sendable {
        let name: String
        let secret: String
    }

    /// Where a text stands: what surrounds it may be needed to read it.
    private enum Position {
        case text
        /// The name of a member, or what is outside of the strings of JSON.
        case structure
    }

    static let replacement = "<redacted>"

    /// The longest first, so that a secret that holds another one is replaced as a whole.
    private var needles: [Needle] = []
    /// The needles that begin with a byte.
    private var starts: [[Int]] = []
    /// The bytes with which something begins that may have to be replaced.
    private var isStart: [Bool] = []

    public init(secrets: [String] = [], pairs: [Pair] = []) {
        add(secrets: secrets, pairs: pairs)
    }

    /// A redactor that knows more secrets.
    func adding(secrets: [String] = [], pairs: [Pair] = []) -> SecretRedactor {
        var redactor = self
        redactor.add(secrets: secrets, pairs: pairs)
        return redactor
    }

    private mutating func add(secrets: [String], pairs: [Pair]) {
        let values = secrets + pairs.map(\.secret)
        var forms = Set(values.flatMap(Self.forms) + pairs.map { Self.base64("\($0.name):\($0.secret)") })
        forms.subtract(needles.map { String(decoding: $0.bytes, as: UTF8.self) })
        forms.remove("")
        needles += forms.map { Needle(bytes: Array($0.utf8), countsWithinWords: Self.isDistinctive($0)) }
        needles.sort { $0.bytes.count > $1.bytes.count }
        starts = Array(repeating: [], count: 256)
        for (index, needle) in needles.enumerated() { starts[Int(needle.bytes[0])].append(index) }
        isStart = starts.map { !$0.isEmpty }
        isStart[Int(UInt8(ascii: ":"))] = true
    }

    private static func isDistinctive(_ text: String) -> Bool {
        text.utf8.count >= 8 && !text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// The spellings of a secret.
    private static func forms(of secret: String) -> [String] {
        guard !secret.isEmpty else { return [] }
        let percent = secret.addingPercentEncoding(withAllowedCharacters: unreserved) ?? secret
        let form = percent.replacing("%20", with: "+")
        let html = secret.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        return [
            secret, percent, percent.replacingPercentDigits, form, form.replacingPercentDigits, html,
            html.replacing("\"", with: "&quot;"), base64(secret), base64URL(secret),
        ]
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// Without the padding, so that it is found with it and without it.
    private static func base64(_ text: String) -> String {
        String(Data(text.utf8).base64EncodedString().prefix { $0 != "=" })
    }

    private static func base64URL(_ text: String) -> String {
        base64(text).replacing("+", with: "-").replacing("/", with: "_")
    }

    // MARK: Texts

    public func redacted(_ text: String) -> String {
        replacing(in: Array(text.utf8)[...], at: .text).map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    // MARK: Bodies

    /// A body without secrets: JSON stays JSON, whatever the escapes are that its strings are written with.
    func redacted(body: [UInt8]) -> [UInt8] {
        guard let first = body.first(where: { !Self.isBlank($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return replacing(in: body[...], at: .text) ?? body }
        var result: [UInt8] = []
        // What stands before it is in the result.
        var taken = 0
        func put(_ bytes: [UInt8]?, insteadOf range: Range<Int>) {
            guard let bytes else { return }
            result += body[taken..<range.lowerBound]
            result += bytes
            taken = range.upperBound
        }
        var position = 0
        while position < body.count {
            let quote = body[position...].firstIndex(of: UInt8(ascii: "\"")) ?? body.count
            put(replacing(in: body[position..<quote], at: .structure), insteadOf: position..<quote)
            guard quote < body.count else { break }
            let string = Self.string(in: body, after: quote)
            put(replacing(string, in: body), insteadOf: string.range)
            position = string.range.upperBound + 1
        }
        guard taken > 0 else { return body }
        return result + body[min(taken, body.count)...]
    }

    /// A string of JSON between its quotes.
    private struct JSONString {
        let range: Range<Int>
        let hasEscapes: Bool
        let isName: Bool
    }

    private static func string(in body: [UInt8], after quote: Int) -> JSONString {
        var end = quote + 1
        var hasEscapes = false
        while end < body.count, body[end] != UInt8(ascii: "\"") {
            if body[end] == UInt8(ascii: "\\") {
                hasEscapes = true
                end += 1
            }
            end += 1
        }
        end = min(end, body.count)
        let next = body[end...].dropFirst().first { !isBlank($0) }
        return JSONString(range: quote + 1..<end, hasEscapes: hasEscapes, isName: next == UInt8(ascii: ":"))
    }

    private func replacing(_ string: JSONString, in body: [UInt8]) -> [UInt8]? {
        let position: Position = string.isName ? .structure : .text
        guard string.hasEscapes else { return replacing(in: body[string.range], at: position) }
        let text = body[string.range].withUnsafeBytes { JSONParser.unescaped($0) }
        guard let bytes = replacing(in: Array(text.utf8)[...], at: position) else { return nil }
        var writer = JSONWriter()
        writer.element(String(decoding: bytes, as: UTF8.self))
        return Array(writer.bytes.dropFirst().dropLast())
    }

    // MARK: Replacing

    /// - Returns: `nil` if there is nothing to be replaced.
    private func replacing(in bytes: ArraySlice<UInt8>, at position: Position) -> [UInt8]? {
        var result: [UInt8] = []
        var taken = bytes.startIndex
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard isStart[Int(bytes[index])], let end = match(in: bytes, at: index, position) else {
                index += 1
                continue
            }
            let start = bytes[index] == UInt8(ascii: ":") && end.isOfURL ? index + 3 : index
            result += bytes[taken..<start]
            result += Array(Self.replacement.utf8)
            taken = end.index
            index = end.index
        }
        return taken == bytes.startIndex ? nil : result + bytes[taken...]
    }

    /// - Returns: the end of what is to be replaced from `index` on, if something is.
    private func match(
        in bytes: ArraySlice<UInt8>, at index: Int, _ position: Position
    ) -> (index: Int, isOfURL: Bool)? {
        let first = bytes[index]
        if position == .text, first == UInt8(ascii: ":"), let end = Self.userInfoEnd(in: bytes, at: index) {
            return (end, true)
        }
        for needle in starts[Int(first)].map({ needles[$0] }) where bytes[index...].starts(with: needle.bytes) {
            let end = index + needle.bytes.count
            if needle.countsWithinWords { return (end, false) }
            guard position == .text else { continue }
            let isWithinWord =
                index > bytes.startIndex && Self.isOfWord(bytes[index - 1])
                || end < bytes.endIndex && Self.isOfWord(bytes[end])
            if !isWithinWord { return (end, false) }
        }
        return nil
    }

    /// The end of the user name and password of a URL whose colon stands at `index`: where its `@` is.
    private static func userInfoEnd(in bytes: ArraySlice<UInt8>, at index: Int) -> Int? {
        guard bytes.endIndex - index > 3, bytes[index...].starts(with: "://".utf8) else { return nil }
        let authority = bytes[(index + 3)...].prefix { !isEndOfAuthority($0) }
        guard let end = authority.lastIndex(of: UInt8(ascii: "@")), end > authority.startIndex,
            !authority[..<end].elementsEqual(replacement.utf8)
        else { return nil }
        return end
    }

    private static func isEndOfAuthority(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
            || byte == UInt8(ascii: "\"")
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    public var description: String { Self.replacement }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    /// Percent-encoded text with the hexadecimal digits in lower case.
    fileprivate var replacingPercentDigits: String {
        var result = ""
        var digits = 0
        for character in self {
            result += digits > 0 ? character.lowercased() : String(character)
            digits = character == "%" ? 2 : max(0, digits - 1)
        }
        return result
    }
}
