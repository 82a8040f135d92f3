import NIOCore

/// Who asks.
enum Visitor: Sendable {
    /// Nobody that is known, where a token is needed.
    case stranger
    /// A program that shows the token with each request.
    case tokenBearer
    /// A browser that has shown the token.
    case signedIn(SessionKey)
    /// Somebody on this machine, where no token is needed; the key is what their forms are sealed with.
    case neighbour(SessionKey, isNew: Bool)

    var mayLook: Bool {
        if case .stranger = self { return false }
        return true
    }

    /// Whether what it sends may have been made up by a foreign page: browsers send cookies, and reach loopback, on
    /// behalf of any page.
    var isBrowser: Bool {
        if case .tokenBearer = self { return false }
        return true
    }

    var isSignedIn: Bool {
        if case .signedIn = self { return true }
        return false
    }

    /// As a person would name it.
    func name(_ caller: Caller) -> String {
        switch self {
        case .tokenBearer: "the admin API with its token, from \(caller.address)"
        case .signedIn: "the dashboard with its token, from \(caller.address)"
        case .stranger, .neighbour: "the dashboard, from \(caller.address)"
        }
    }
}

/// The other end of a connection, and which of our ports it came to.
struct Caller: Sendable {
    let address: String
    let port: Int

    init(_ channel: any Channel) {
        address = channel.remoteAddress?.ipAddress ?? "an unknown address"
        port = channel.localAddress?.port ?? 0
    }
}
