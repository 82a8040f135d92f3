import Crypto
import Foundation

/// What a browser's cookie holds: random, and known to that browser only. It cannot be printed.
struct SessionKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let cookieText: String

    /// A new one.
    init() {
        cookieText = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64URL
    }

    /// - Returns: `nil` if the text cannot be one of ours.
    init?(cookieText: String) {
        // 32 bytes in Base64.
        guard cookieText.wholeMatch(of: #/[0-9A-Za-z_-]{43}/#) != nil else { return nil }
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
