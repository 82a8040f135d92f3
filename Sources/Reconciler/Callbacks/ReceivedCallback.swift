import Crypto

/// A message as it came in, read only as far as it takes to accept and keep it: what it means is read later, from
/// what was kept.
public struct ReceivedCallback: Sendable {
    private let message: JSONValue

    /// - Parameter json: the body as it came.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    public init(json: [UInt8]) throws(UnreadableCallback) {
        message = try JSONValue(callback: json)
    }

    /// The callback as it is to be kept: its JSON without user name and password, named by a digest of that without
    /// `callbackCount`, which is the same for all deliveries of one message.
    public func kept(at now: Timestamp) -> NewCallback {
        var json = JSONWriter()
        json.value(message) { name, depth in Self.isSecret(name) || (depth == 0 && Self.isCount(name)) }
        let digest = digest(of: json.bytes)
        for member in message.members where Self.isCount(member.name) {
            json.addToObject(member.name, member.value) { name, _ in Self.isSecret(name) }
        }
        return NewCallback(
            receivedAt: now, digest: digest, redactedText: String(decoding: json.bytes, as: UTF8.self))
    }

    /// A SHA-256, the first bytes of which are those of its request's: so the callbacks of one request, which come at
    /// about the same time, stand side by side in the index of digests, and keeping them changes few of its pages.
    private func digest(of json: [UInt8]) -> [UInt8] {
        let request = SHA256.hash(data: Array((message["requestId"]?.text ?? "").utf8))
        return Array(request.prefix(Self.requestPrefix)) + SHA256.hash(data: json).dropFirst(Self.requestPrefix)
    }

    private static let requestPrefix = 8

    private static func isCount(_ name: JSONValue) -> Bool { name.isText("callbackCount") }

    private static func isSecret(_ name: JSONValue) -> Bool {
        name.isText("username") || name.isText("password") || name.isText("passwd") || name.isText("pwd")
    }
}

extension MessageCredentials {
    /// What a body carries, whoever has sent it: little is made of the rest of it.
    ///
    /// - Parameter json: the body as it came.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    init(json: [UInt8]) throws(UnreadableCallback) {
        let message = try JSONValue(callback: json, .outline)
        self.init(username: message["username"]?.text ?? "", password: message["password"]?.text ?? "")
    }
}

/// A body that is no callback.
public struct UnreadableCallback: Error, Hashable, Sendable {
    /// What is wrong with it, in a few words.
    public let reason: String
}

extension JSONValue {
    /// Reads the body of a callback.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    init(callback json: [UInt8], _ extent: JSONParser.Extent = .whole) throws(UnreadableCallback) {
        do {
            try self.init(json: json, extent)
        } catch {
            throw UnreadableCallback(reason: error.reason)
        }
        guard isObject else { throw UnreadableCallback(reason: "not a JSON object") }
    }
}
