import Crypto

/// Names a content by its SHA-256: equal contents have equal names. `sha256:` and 64 digits.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    private static let prefix = "sha256:"
    private static let digitCount = 64

    init(_ digest: SHA256Digest) {
        let digits = Array("0123456789abcdef".utf8)
        description =
            Self.prefix
            + String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// - Returns: `nil` if the text is no such name.
    public init?(_ description: String) {
        guard description.hasPrefix(Self.prefix) else { return nil }
        let digits = description.dropFirst(Self.prefix.count).utf8
        guard digits.count == Self.digitCount, digits.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }) else {
            return nil
        }
        self.description = description
    }

    /// Its first digits, enough for people to tell it from others.
    public var short: String { String(description.dropFirst(Self.prefix.count).prefix(12)) }
}
