import Crypto
import Foundation

/// What a browser's cookie holds: random, and known to that browser only. It cannot be printed.
struct SessionKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private static let size = 32
    let cookieText: String

    /// A new one.
    init() {
        cookieText = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64URL
    }

    /// - Returns: `nil` if the text cannot be one of ours.
    init?(cookieText: String) {
        guard cookieText.utf8.count == Data(count: Self.size).base64URL.utf8.count,
            cookieText.utf8.allSatisfy({
                $0 != 0x3D && (0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x2D || $0 == 0x5F)
            })
        else { return nil }
        self.cookieText = cookieText
    }

    /// Names it without giving it away.
    var digest: SHA256.Digest { SHA256.hash(data: Data(cookieText.utf8)) }

    var description: String { "<redacted>" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension Data {
    /// Base64 in the alphabet for URLs and cookies, without filling (RFC 4648, section 5).
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
