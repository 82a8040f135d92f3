import Crypto
import Reconciler

/// The secret that operators and monitors show to the admin endpoint. Compared in constant time; it cannot be printed.
public struct AdminToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Fewer characters can be guessed.
    public static let minimumLength = 16

    private let digest: SHA256.Digest

    /// - Throws: `SettingsError` unless there are at least 16 characters, all of them visible ASCII: the token travels in
    ///   a header.
    public init(_ text: String) throws(SettingsError) {
        guard text.utf8.count >= Self.minimumLength, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw SettingsError(
                "PROFILECTL_ADMIN_TOKEN must have at least \(Self.minimumLength) characters, letters, digits and signs "
                    + "without spaces. `openssl rand -hex 32` makes a good one.")
        }
        digest = Self.digest(of: text)
    }

    /// swift-crypto compares digests in constant time.
    func accepts(_ text: some StringProtocol) -> Bool { Self.digest(of: text) == digest }

    private static func digest(of text: some StringProtocol) -> SHA256.Digest { SHA256.hash(data: Array(text.utf8)) }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secrets {
    /// What the admin endpoint asks for; `nil` if nothing is set.
    /// - Throws: `SettingsError`
    public func adminToken() throws(SettingsError) -> AdminToken? {
        guard let text = try secret("PROFILECTL_ADMIN_TOKEN") else { return nil }
        return try AdminToken(text)
    }
}
