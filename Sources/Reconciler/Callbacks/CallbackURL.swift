/// A URL that the carrier calls. URLs are compared in one spelling, whatever way they are written; what stands before the
/// host, a user name and a password, is never shown.
public struct CallbackURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// With a path in which every character stands that a URL may hold, and all others percent-encoded.
    let normalized: String
    /// The path of it, `/` if there is none.
    let path: String
    public let description: String

    /// - Parameter shown: how it is shown; `nil` for as it is, without a user name and a password.
    public init(_ text: String, shownAs shown: String? = nil) {
        description = SecretRedactor().redacted(shown ?? text)
        let (scheme, rest) = Self.split(text, at: "://")
        let authority = rest.prefix { !"/?#".contains($0) }
        let target = rest[authority.endIndex...].prefix { $0 != "#" }
        let query = target.firstIndex(of: "?").map { String(target[$0...]) } ?? ""
        let path = URLPath.normalized(String(target.prefix { $0 != "?" }))
        self.path = path.isEmpty ? "/" : path
        normalized =
            "\(scheme.lowercased())://\(Self.normalized(authority, scheme: scheme.lowercased()))\(self.path)\(query)"
    }

    /// The host in lower case, and no port that goes without saying.
    private static func normalized(_ authority: Substring, scheme: String) -> String {
        let userEnd = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        var host = authority[userEnd...].lowercased()
        let usualPort = scheme == "https" ? ":443" : scheme == "http" ? ":80" : ""
        if !usualPort.isEmpty, host.hasSuffix(usualPort) { host.removeLast(usualPort.count) }
        return authority[..<userEnd] + host
    }

    private static func split(_ text: String, at separator: String) -> (String, Substring) {
        guard let range = text.range(of: separator) else { return ("", text[...]) }
        return (String(text[..<range.lowerBound]), text[range.upperBound...])
    }

    public static func == (left: Self, right: Self) -> Bool { left.normalized == right.normalized }

    public func hash(into hasher: inout Hasher) { hasher.combine(normalized) }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Spellings of the path of a URL (RFC 3986, sections 2 and 6.2.2).
enum URLPath {
    /// The path with what may stand in it as it is, and all else percent-encoded, in capitals. What is percent-encoded
    /// without need stays so: `%2F` is another path than `/`, and `%63` a detour by which nobody calls us.
    static func normalized(_ path: String) -> String {
        let bytes = Array(path.utf8)
        if bytes.allSatisfy({ $0 != UInt8(ascii: "%") && mayStand($0) }) { return path }
        var result = ""
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                let encoded = high << 4 | low
                result += percentEncoded(encoded)
                index += 3
            } else {
                result += mayStand(byte) ? String(UnicodeScalar(byte)) : percentEncoded(byte)
                index += 1
            }
        }
        return result
    }

    private static func percentEncoded(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "%0" + digits : "%" + digits
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "-._~".utf8.contains(byte)
    }

    private static func mayStand(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "!$&'()*+,;=:@/".utf8.contains(byte)
    }
}
