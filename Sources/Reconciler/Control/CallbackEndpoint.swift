import Foundation

/// Where callbacks come in: the socket that we listen on and the URL that the carrier is told.
struct CallbackEndpoint: Sendable {
    private(set) var configuration: CallbackListenerConfiguration
    /// `nil` if the carrier is told the port that the system chooses.
    let url: String?

    /// - Parameters:
    ///   - carrierIsLoopback: whether the carrier is a simulator on this machine, which calls any port.
    ///   - redactor: knows further secrets that must not be kept of a message.
    /// - Throws: `SettingsError`
    init(
        _ settings: Settings, credentials: CallbackCredentials, carrierIsLoopback: Bool,
        redactor: SecretRedactor = SecretRedactor()
    ) throws(SettingsError) {
        guard carrierIsLoopback || !credentials.areIncomplete else { throw Self.missing(credentials) }
        try settings.checkForContradictions()
        let address = try ListenAddress(settings.callbackListen, setting: "callbacks.listen")
        guard settings.callbackTLS != nil || LoopbackHost.contains(address.host) || settings.behindProxy else {
            throw SettingsError(
                "callbacks.listen is \(settings.callbackListen), and there is no callbacks.tls: callbacks carry a "
                    + "password in their body. Set callbacks.tls, listen on 127.0.0.1, or set callbacks.behindProxy: true "
                    + "if a proxy speaks TLS for it.")
        }
        if settings.callbackURL == nil, carrierIsLoopback {
            url = nil
        } else {
            url = try settings.registrableCallbackURL(carrierIsLoopback: carrierIsLoopback)
        }
        let path = url.map { CallbackURL($0).path } ?? "/callbacks"
        // Half of it is for the work, which goes on before.
        var limits = ListenerLimits()
        limits.endTime = settings.drainTimeout / 4
        // Behind a proxy all come from the proxy's address.
        if settings.behindProxy { limits.unprovenSizePerClient = limits.unprovenSize }
        limits = try limits.fitting(.current)
        var configuration = CallbackListenerConfiguration(
            host: address.host, port: address.port, path: path, credentials: credentials,
            tls: settings.callbackTLS,
            allowed: try settings.callbackAllow.map { texts throws(SettingsError) in try AllowedClients(texts) },
            limits: limits)
        configuration.redactor = redactor
        configuration.certifiedHost =
            settings.behindProxy ? nil : url.flatMap { URLComponents(string: $0)?.host }
        self.configuration = configuration
    }

    /// Without credentials anybody's callbacks would be taken.
    static func missing(_ credentials: CallbackCredentials) -> SettingsError {
        let names = [
            credentials.username.isEmpty ? "PROFILECTL_CALLBACK_USERNAME" : nil,
            credentials.password.isEmpty ? "PROFILECTL_CALLBACK_PASSWORD" : nil,
        ].compactMap(\.self)
        return SettingsError(
            "\(names.joined(separator: " and ")) must be set in the environment (or \(names.first ?? "")_FILE, the path of "
                + "a file that holds it): callbacks without credentials would be taken from anybody. They are of your "
                + "choice; `profilectl callbacks register` gives them to the carrier.")
    }

    /// The URL that the carrier is told, now that the port is known.
    func url(port: Int) -> String {
        url ?? "http://127.0.0.1:\(port)\(configuration.path)"
    }
}

extension Settings {
    /// The ports that the carrier calls. Source: `thingspace.md`, section 5.2.
    static let carrierPorts: [ClosedRange<Int>] = [80...80, 443...443, 9001...9006, 50551...50559, 28200...28220]

    /// The URL that the carrier is told, if it can call it, and what it is to carry is there.
    /// - Throws: `SettingsError` that says what is wrong.
    public func registrableCallbackURL(with credentials: CallbackCredentials) throws(SettingsError) -> String {
        let isLoopback = try carrierURL().isLoopback
        guard isLoopback || !credentials.areIncomplete else { throw CallbackEndpoint.missing(credentials) }
        try checkForContradictions()
        return try registrableCallbackURL(carrierIsLoopback: isLoopback)
    }

    /// - Parameter carrierIsLoopback: whether the carrier is a simulator on this machine, which calls any port.
    func registrableCallbackURL(carrierIsLoopback: Bool) throws(SettingsError) -> String {
        guard let text = callbackURL else {
            throw SettingsError(
                "callbacks.url is not set: the carrier tells the outcome of an action by calling it. Set it in "
                    + "profilectl.yaml or PROFILECTL_CALLBACKS_URL.")
        }
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), parts.host?.isEmpty == false
        else {
            throw SettingsError(
                "callbacks.url is `\(CallbackURL(text))`, expected a URL such as "
                    + "https://fleet.example.com:9001/callbacks.")
        }
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard carrierIsLoopback || Self.carrierPorts.contains(where: { $0.contains(port) }) else {
            let ports = Self.carrierPorts.map {
                $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
            }
            throw SettingsError(
                "callbacks.url has port \(port), which the carrier does not call. It calls "
                    + "\(ports.joined(separator: ", ")).")
        }
        return CallbackURL(text).normalized
    }

    /// - Throws: `SettingsError` if settings of the callbacks contradict each other, so that none could come.
    func checkForContradictions() throws(SettingsError) {
        if behindProxy, let callbackAllow, callbackAllow.allSatisfy(AllowedClients.isOfCarrier) {
            throw SettingsError(
                "callbacks.behindProxy is true, and callbacks.allow names only the carrier's addresses: behind a proxy all "
                    + "calls come from the proxy's address, and would be refused. Name that one in callbacks.allow, and "
                    + "let the proxy look at the carrier's.")
        }
        let scheme = callbackURL.flatMap { URLComponents(string: $0)?.scheme?.lowercased() }
        if scheme == "http", callbackTLS != nil, !behindProxy {
            throw SettingsError(
                "callbacks.url begins with http, and callbacks.tls is set: the carrier would speak no TLS to a port that "
                    + "speaks nothing else. Begin callbacks.url with https, or leave callbacks.tls out.")
        }
    }
}
