import Crypto

/// The user name and password that a message carries in its body. They cannot be printed.
struct MessageCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let username: String
    private let password: String

    init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// Names the two, so that they can be compared in constant time.
    var digest: SHA256.Digest {
        var hash = SHA256()
        withUnsafeBytes(of: username.utf8.count) { hash.update(bufferPointer: $0) }
        for text in [username, password] {
            var text = text
            text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        return hash.finalize()
    }

    var description: String { "<redacted>" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// The user name and password that every callback must carry, as they were registered with the carrier.
///
/// They travel in the JSON body (`thingspace.md`, section 5.2). Compared in constant time; they cannot be printed.
public struct CallbackCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let username: String
    let password: String
    private let digest: SHA256.Digest

    /// Without a user name and a password any message is accepted.
    public init(username: String, password: String) {
        self.username = username
        self.password = password
        digest = MessageCredentials(username: username, password: password).digest
    }

    public var areEmpty: Bool { username.isEmpty && password.isEmpty }

    /// swift-crypto compares digests in constant time.
    func accepts(_ message: MessageCredentials) -> Bool { areEmpty || message.digest == digest }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
