import Crypto

/// A message as it came in, read only as far as it takes to accept and keep it: what it means is read later, from
/// what was kept.
public struct ReceivedCallback: Sendable {
    let credentials: MessageCredentials
    /// The message as JSON without user name and password.
    let redactedText: String
    /// The same for all deliveries of one message: a SHA-256 of it without `callbackCount` and the credentials.
    let digest: [UInt8]

    /// - Parameter json: the body as it came.
    /// - Throws: `UnreadableCallback` if it is not a JSON object.
    public init(json: [UInt8]) throws(UnreadableCallback) {
        let value = try JSONValue(callback: json)
        credentials = MessageCredentials(
            username: value["username"]?.text ?? "", password: value["password"]?.text ?? "")
        var writer = JSONWriter()
        let counts = writer.value(value, treatment: Self.treatment)
        redactedText = String(decoding: writer.bytes, as: UTF8.self)
        digest = Self.digest(of: writer.bytes, without: counts)
    }

    private static func treatment(of name: JSONValue) -> JSONWriter.Treatment {
        if name.isText("username") || name.isText("password") { return .leftOut }
        return name.isText("callbackCount") ? .noted : .written
    }

    private static func digest(of bytes: [UInt8], without ranges: [Range<Int>]) -> [UInt8] {
        var hash = SHA256()
        bytes.withUnsafeBytes { bytes in
            var position = 0
            for range in ranges {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[position..<range.lowerBound]))
                position = range.upperBound
            }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[position...]))
        }
        return Array(hash.finalize())
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
        guard isObject else { throw UnreadableCallback(reason: "not a JSON object") }
    }
}
