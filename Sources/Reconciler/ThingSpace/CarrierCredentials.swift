import Crypto

/// What signs us in with the carrier: the key of the application and the user of the UWS. They cannot be printed.
public struct CarrierCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let clientID: String
    let clientSecret: String
    let username: String
    let password: String
    /// The application's key, as its refusals are counted.
    let client: SignInCredential
    /// The user of the UWS, as its refusals are counted.
    let user: SignInCredential

    public init(clientID: String, clientSecret: String, username: String, password: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.username = username
        self.password = password
        client = Self.credential(.client, clientID, clientSecret)
        user = Self.credential(.user, username, password)
    }

    /// Knows what of them must not be shown.
    var redactor: SecretRedactor {
        SecretRedactor(pairs: [
            SecretRedactor.Pair(name: clientID, secret: clientSecret),
            SecretRedactor.Pair(name: username, secret: password),
        ])
    }

    private static func credential(_ kind: SignInCredential.Kind, _ name: String, _ secret: String) -> SignInCredential
    {
        let text = "profilectl \(kind.rawValue) \(name.utf8.count) \(name)"
        return SignInCredential(
            kind: kind,
            // Many rounds, so that a weak password cannot be guessed from a copied state store in no time.
            digest: "\(kind.rawValue) \(digest("\(text) \(secret)", rounds: 2_000))",
            contact: "\(kind.rawValue) \(digest(text, rounds: 1))")
    }

    private static func digest(_ text: String, rounds: Int) -> String {
        var digest = Array(SHA256.hash(data: Array(text.utf8)))
        for _ in 0..<rounds { digest = Array(SHA256.hash(data: digest)) }
        return digest.prefix(8).map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined()
    }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
