import Crypto

/// The user name and password that a message carries in its body. They cannot be printed.
struct MessageCredentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    fileprivate let username: String
    fileprivate let password: String

    init(username: String, password: String) {
        self.username = username
        self.password = password
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

    /// Without a user name and a password any message is accepted.
    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    public var areEmpty: Bool { username.isEmpty && password.isEmpty }

    func accepts(_ message: MessageCredentials) -> Bool {
        if areEmpty { return true }
        return Self.digest(username, password) == Self.digest(message.username, message.password)
    }

    /// Digests are of one length and compared by swift-crypto in constant time.
    private static func digest(_ username: String, _ password: String) -> SHA256.Digest {
        SHA256.hash(data: Array("\(username.utf8.count):\(username)\(password)".utf8))
    }

    public var description: String { "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
