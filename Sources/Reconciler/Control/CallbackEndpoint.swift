import Foundation

/// Where callbacks come in: the socket that we listen on and the URL that the carrier is told.
struct CallbackEndpoint: Sendable {
    private(set) var configuration: CallbackListenerConfiguration
    /// `nil` if the carrier is told the port that the system chooses.
    let url: String?

    /// - Parameter carrierIsLoopback: whether the carrier is a simulator on this machine, which calls any port.
    /// - Throws: `SettingsError`
    init(
        _ settings: Settings, credentials: CallbackCredentials, carrierIsLoopback: Bool
    ) throws(SettingsError) {
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
        let parts = url.flatMap { URLComponents(string: $0) }
        let path = parts?.percentEncodedPath ?? "/callbacks"
        // Half of it is for the work, which goes on before.
        var limits = ListenerLimits()
        limits.endTime = settings.drainTimeout / 4
        if settings.behindProxy {
            // All come from the proxy's address.
            limits.unprovenSizePerClient = limits.unprovenSize
            guard settings.callbackAllow?.contains(AllowedClients.carrierName) != true else {
                throw SettingsError(
                    "callbacks.allow lists thingspace, and callbacks.behindProxy is true: every connection comes from "
                        + "the proxy, and would be refused. Let the proxy check the carrier's addresses, and list the "
                        + "proxy's own address in callbacks.allow, or leave that out.")
            }
        }
        limits = try limits.fitting(.current)
        configuration = CallbackListenerConfiguration(
            host: address.host, port: address.port, path: path.isEmpty ? "/" : path, credentials: credentials,
            tls: settings.callbackTLS,
            allowed: try settings.callbackAllow.map { texts throws(SettingsError) in try AllowedClients(texts) },
            limits: limits)
        configuration.certifiedHost = settings.behindProxy ? nil : parts?.host
    }

    /// The URL that the carrier is told, now that the port is known.
    func url(port: Int) -> String {
        url ?? "http://127.0.0.1:\(port)\(configuration.path)"
    }
}

extension Settings {
    /// The ports that the carrier calls. Source: `thingspace.md`, section 5.2.
    static let carrierPorts: [ClosedRange<Int>] = [80...80, 443...443, 9001...9006, 50551...50559, 28200...28220]

    /// The URL that the carrier is told, if it can call it.
    /// - Throws: `SettingsError` that says what is wrong with it.
    public func registrableCallbackURL() throws(SettingsError) -> String {
        let isLoopback = (try? BaseURL(baseURL))?.isLoopback ?? false
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
                "callbacks.url is `\(text)`, expected a URL such as https://fleet.example.com:9001/callbacks.")
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
        // The carrier is told what stands in a request: blanks and other characters percent-encoded.
        return text.utf8.allSatisfy { 0x21...0x7E ~= $0 } ? text : parts.string ?? text
    }
}
