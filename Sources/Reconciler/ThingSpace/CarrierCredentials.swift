import Crypto

/// What signs us in with the carrier: the key of the application and the user of the UWS. They cannot be printed.
public struct CarrierCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let clientID: String
    let clientSecret: String
    let username: String
    let password: String

    public init(clientID: String, clientSecret: String, username: String, password: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.username = username
        self.password = password
    }

    /// Names the application's key without giving it away; another one after a change of the secret.
    var clientFingerprint: String { Self.fingerprint("client", clientID, clientSecret) }
    /// Names the user without giving it away; another one after a change of the password.
    var userFingerprint: String { Self.fingerprint("user", username, password) }

    private static func fingerprint(_ kind: String, _ name: String, _ secret: String) -> String {
        // Many rounds, so that a weak password cannot be guessed from a copied state store in no time.
        var digest = Array(SHA256.hash(data: Array("profilectl \(kind) \(name.utf8.count) \(name) \(secret)".utf8)))
        for _ in 0..<2_000 { digest = Array(SHA256.hash(data: digest)) }
        return kind + " "
            + digest.prefix(8).map { byte in
                let hex = String(byte, radix: 16)
                return hex.count == 1 ? "0" + hex : hex
            }.joined()
    }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
