import Reconciler

/// Where the admin endpoint listens, and who may look.
public struct AdminConfiguration: Sendable {
    public let host: String
    /// 0 for one that the system chooses.
    public let port: Int
    /// `nil` if everybody on this machine may look.
    public let token: AdminToken?
    /// `nil` for plain HTTP.
    public let tls: CallbackTLS?
    public let limits: ListenerLimits

    /// - Throws: `SettingsError` if others than those on this machine could look without a token.
    public init(
        host: String, port: Int, token: AdminToken? = nil, tls: CallbackTLS? = nil, limits: ListenerLimits = .admin
    ) throws(SettingsError) {
        guard token != nil || LoopbackHost.contains(host) else {
            throw SettingsError(
                "The admin endpoint is to listen on \(host), where others than this machine can reach it, and has no "
                    + "token. Set PROFILECTL_ADMIN_TOKEN, or PROFILECTL_ADMIN_TOKEN_FILE to the path of a file that "
                    + "holds it, or listen on 127.0.0.1.")
        }
        self.host = host
        self.port = port
        self.token = token
        self.tls = tls
        self.limits = limits
    }
}

extension AdminConfiguration {
    /// What the settings say; `nil` where nobody is to look (`admin.listen: off`).
    /// - Throws: `SettingsError`
    public init?(_ settings: Settings, token: AdminToken?) throws(SettingsError) {
        guard settings.adminListen != "off" else { return nil }
        let address = try ListenAddress(settings.adminListen, setting: "admin.listen")
        // The work and the callbacks come to their end before.
        var limits = try ListenerLimits.admin.fittingAdmin(.current)
        limits.endTime = settings.drainTimeout / 8
        try self.init(host: address.host, port: address.port, token: token, tls: settings.adminTLS, limits: limits)
    }
}

extension ListenerLimits {
    /// What the admin endpoint puts up with: nothing but small forms is sent to it, and few look at the same time.
    public static var admin: Self {
        var limits = Self()
        limits.bodySize = 16 << 10
        limits.connections = adminConnections
        return limits
    }
}
