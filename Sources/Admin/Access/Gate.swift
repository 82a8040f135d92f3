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
        // Other schemes are meant for a proxy between the browser and this server.
        if let text = Self.bearerToken(of: request) { return token.accepts(text) ? .tokenBearer : .stranger }
        guard let key, sessions.uses(key) else { return .stranger }
        return .signedIn(key)
    }

    /// What the request shows as `Authorization: Bearer`, which may be nothing; `nil` without that scheme.
    static func bearerToken(of request: Request) -> Substring? {
        for field in request.headers[values: .authorization] {
            let parts = field.split(separator: " ", maxSplits: 1)
            if parts.first?.lowercased() == "bearer" { return parts.dropFirst().first ?? "" }
        }
        return nil
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

    /// Where a form comes from, by what the browser says of it. A browser names the origin of each form that it sends.
    enum FormOrigin: Hashable {
        /// A page of this very server.
        case own
        case foreign
        /// The two hosts differ, which a proxy in between may cause.
        case otherHost(origin: String, host: String)
    }

    /// - Parameter isSecure: whether TLS is spoken here.
    func formOrigin(_ request: Request, isSecure: Bool) -> FormOrigin {
        if let site = Self.fetchSite.flatMap({ request.headers[$0] }), site != "same-origin" { return .foreign }
        guard let origin = request.headers[.origin], let authority = request.head.authority,
            let mark = origin.range(of: "://")
        else { return .foreign }
        let scheme = origin[..<mark.lowerBound].lowercased()
        let originHost = Self.withoutUsualPort(String(origin[mark.upperBound...]), scheme: scheme)
        let host = Self.withoutUsualPort(authority, scheme: scheme)
        let isOwn = originHost == host && scheme == Self.scheme(of: request, isSecure: isSecure)
        return isOwn ? .own : .otherHost(origin: origin, host: authority)
    }

    /// The scheme that the browser uses: where TLS ends before this server, the proxy says so, and no page can.
    private static func scheme(of request: Request, isSecure: Bool) -> String {
        if isSecure { return "https" }
        let forwarded = forwardedProto.flatMap { request.headers[$0] }?.split(separator: ",").first
        return forwarded?.trimmingCharacters(in: .whitespaces).lowercased() == "https" ? "https" : "http"
    }

    private static func withoutUsualPort(_ authority: String, scheme: String) -> String {
        let text = authority.lowercased()
        let port = scheme == "https" ? ":443" : ":80"
        return text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
    }

    private static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")
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
