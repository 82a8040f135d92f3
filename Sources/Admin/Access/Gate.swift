import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Reconciler

/// Tells who asks, and whether a form comes from a page of ours.
struct Gate: Sendable {
    private let token: AdminToken?
    private let sessions: SessionBook
    /// Made anew by each process: a form does not outlive it.
    private let sealKey = SymmetricKey(size: .bits256)

    /// - Parameter token: `nil` where everybody on this machine may look.
    init(token: AdminToken?, clock: any WallClock) {
        self.token = token
        sessions = SessionBook(clock: clock)
    }

    var needsToken: Bool { token != nil }

    /// Whether this endpoint may be called by this name. Without a token a foreign page could otherwise read along, by
    /// making its own name mean this machine (DNS rebinding).
    func accepts(host authority: String?) -> Bool {
        guard token == nil else { return true }
        guard let authority else { return false }
        return LoopbackHost.contains(Self.host(authority))
    }

    /// The host of `HOST:PORT`; an IPv6 address stands in brackets.
    private static func host(_ authority: String) -> String {
        guard !authority.hasPrefix("["), let colon = authority.lastIndex(of: ":") else {
            return authority.firstIndex(of: "]").map { String(authority[...$0]) } ?? authority
        }
        return String(authority[..<colon])
    }

    func visitor(_ request: Request, _ caller: Caller) -> Visitor {
        let key = request.cookies[Self.cookieName(caller)].flatMap { SessionKey(cookieText: $0.value) }
        guard let token else { return .neighbour(key ?? SessionKey(), isNew: key == nil) }
        if let field = request.headers[.authorization] {
            let parts = field.split(separator: " ", maxSplits: 1)
            let isToken = parts.count == 2 && parts[0].lowercased() == "bearer" && token.accepts(parts[1])
            return isToken ? .tokenBearer : .stranger
        }
        guard let key, sessions.uses(key) else { return .stranger }
        return .signedIn(key)
    }

    /// Whether somebody who was let in may still look.
    func isStillGood(_ visitor: Visitor) -> Bool {
        switch visitor {
        case .stranger: false
        case .tokenBearer, .neighbour: true
        case .signedIn(let key): sessions.contains(key)
        }
    }

    /// - Returns: `nil` if it is not the token.
    func signIn(_ text: String) -> SessionKey? {
        guard let token, token.accepts(text) else { return nil }
        return sessions.open()
    }

    func signOut(_ visitor: Visitor) {
        if case .signedIn(let key) = visitor { sessions.close(key) }
    }

    /// What the forms of a page carry, so that a foreign page cannot send them: it cannot read it.
    func seal(for visitor: Visitor) -> String {
        switch visitor {
        case .signedIn(let key), .neighbour(let key, _):
            Data(HMAC<SHA256>.authenticationCode(for: Data(key.cookieText.utf8), using: sealKey)).base64URL
        case .stranger, .tokenBearer: ""
        }
    }

    func isSealed(_ seal: String?, for visitor: Visitor) -> Bool {
        switch visitor {
        case .signedIn, .neighbour(_, isNew: false):
            // Digests are compared in constant time.
            SHA256.hash(data: Data((seal ?? "").utf8)) == SHA256.hash(data: Data(self.seal(for: visitor).utf8))
        case .stranger, .tokenBearer, .neighbour(_, isNew: true): false
        }
    }

    /// Whether the browser says that the request comes from a page of this very server. A browser names the origin of
    /// each form that it sends.
    func isFromOwnPage(_ request: Request) -> Bool {
        if let site = Self.fetchSite.flatMap({ request.headers[$0] }), site != "same-origin" { return false }
        guard let origin = request.headers[.origin], let authority = request.head.authority,
            let mark = origin.range(of: "://")
        else { return false }
        return origin[mark.upperBound...].lowercased() == authority.lowercased()
    }

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")

    /// Browsers keep cookies apart by host, not by port: several controllers on a machine must not sign each other out.
    private static func cookieName(_ caller: Caller) -> String { "profilectl_\(caller.port)" }

    /// - Parameter key: `nil` to forget it.
    func cookie(_ key: SessionKey?, _ caller: Caller, isSecure: Bool) -> String {
        Cookie(
            name: Self.cookieName(caller), value: key?.cookieText ?? "", maxAge: key == nil ? 0 : nil, path: "/",
            secure: isSecure, httpOnly: true, sameSite: .strict
        ).description
    }
}
