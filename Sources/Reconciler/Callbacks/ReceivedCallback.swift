import Crypto

/// A message as it came in, read only as far as it takes to accept and keep it: what it means is read later, from
/// what was kept.
public struct ReceivedCallback: Sendable {
    let credentials: MessageCredentials
    /// The message as JSON without user name and password.
    let redactedText: String
    /// The same for all deliveries of one message: a SHA-256 of it without `callbackCount` and the credentials.
    let digest: [UInt8]

    private static let secrets = ["username", "password"]

    /// - Parameter json: the body as it came.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    public init(json: [UInt8]) throws(UnreadableCallback) {
        let value = try JSONValue(callback: json)
        credentials = MessageCredentials(
            username: value["username"]?.text ?? "", password: value["password"]?.text ?? "")
        redactedText = String(decoding: value.canonicalBytes(leavingOut: Self.secrets), as: UTF8.self)
        digest = Array(SHA256.hash(data: value.canonicalBytes(leavingOut: Self.secrets + ["callbackcount"])))
    }

    /// The callback as it is to be kept.
    public func kept(at now: Timestamp) -> NewCallback {
        NewCallback(receivedAt: now, digest: digest, redactedText: redactedText)
    }
}

/// A body that is no callback.
public struct UnreadableCallback: Error, Hashable, Sendable {
    public let reason: String
}

extension JSONValue {
    /// Reads the body of a callback.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    init(callback json: [UInt8]) throws(UnreadableCallback) {
        do {
            try self.init(json: json)
        } catch {
            throw UnreadableCallback(reason: error.reason)
        }
        guard case .object = self else { throw UnreadableCallback(reason: "not a JSON object") }
    }
}
