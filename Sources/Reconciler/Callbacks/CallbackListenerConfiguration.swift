/// The PEM files that TLS is spoken with.
public struct CallbackTLS: Hashable, Sendable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Where callbacks are listened for, and what they must carry.
public struct CallbackListenerConfiguration: Sendable {
    public var host: String
    /// 0 for one that the system chooses.
    public var port: Int
    /// The path of the URL that the carrier is told, percent-encoded, `/callbacks` for one.
    public var path: String
    public var credentials: CallbackCredentials
    /// Knows further secrets that must not be kept of a message.
    public var redactor = SecretRedactor()

    /// The host that the carrier calls, where this server's certificate is shown for it.
    var certifiedHost: String?
    /// `nil` for plain HTTP.
    public var tls: CallbackTLS?
    /// Who may connect; `nil` for everybody.
    public var allowed: AllowedClients?
    public var limits: ListenerLimits

    public init(
        host: String, port: Int, path: String, credentials: CallbackCredentials, tls: CallbackTLS? = nil,
        allowed: AllowedClients? = nil, limits: ListenerLimits = ListenerLimits()
    ) {
        self.tls = tls
        self.allowed = allowed
        self.limits = limits
        self.host = host
        self.port = port
        self.path = path
        self.credentials = credentials
    }
}
