import Foundation

/// Reads secrets from the environment, or from the files that it names; nothing else ever holds them.
public struct Secrets: Sendable {
    private let environment: [String: String]

    public init(environment: [String: String]) {
        self.environment = environment
    }

    /// What signs us in with the carrier.
    /// - Throws: `SettingsError` that names every variable that is missing.
    public func carrierCredentials() throws(SettingsError) -> CarrierCredentials {
        let names = [
            "THINGSPACE_CLIENT_ID", "THINGSPACE_CLIENT_SECRET", "THINGSPACE_USERNAME", "THINGSPACE_PASSWORD",
        ]
        var values: [String] = []
        var missing: [String] = []
        for name in names {
            if let value = try secret(name) { values.append(value) } else { missing.append(name) }
        }
        guard missing.isEmpty, values.count == 4 else {
            throw SettingsError(
                "\(missing.joined(separator: ", ")) must be set in the environment (or \(missing[0])_FILE, the path of a "
                    + "file that holds it).")
        }
        return CarrierCredentials(
            clientID: values[0], clientSecret: values[1], username: values[2], password: values[3])
    }

    /// What every callback must carry; empty if nothing is set.
    /// - Throws: `SettingsError`
    public func callbackCredentials() throws(SettingsError) -> CallbackCredentials {
        let username = try secret("PROFILECTL_CALLBACK_USERNAME") ?? ""
        let password = try secret("PROFILECTL_CALLBACK_PASSWORD") ?? ""
        guard username.count <= 40, password.count <= 40 else {
            throw SettingsError(
                "PROFILECTL_CALLBACK_USERNAME and PROFILECTL_CALLBACK_PASSWORD may have at most 40 characters each: "
                    + "the carrier takes no more.")
        }
        return CallbackCredentials(username: username, password: password)
    }

    /// Where notifications are posted to; `nil` if nothing is set. The URL itself is the secret.
    /// - Throws: `SettingsError`, which does not show it
    public func notifyURL() throws(SettingsError) -> String? {
        let name = "PROFILECTL_NOTIFY_URL"
        guard let text = try secret(name) else { return nil }
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            parts.scheme?.lowercased() == "https" || parts.scheme?.lowercased() == "http",
            !text.contains(where: \.isWhitespace)
        else {
            throw SettingsError("\(name) holds no URL, expected one such as https://chat.example.com/hooks/....")
        }
        guard parts.scheme?.lowercased() == "https" || LoopbackHost.contains(host) else {
            throw SettingsError(
                "\(name) holds a URL with http: others could read it on its way. Use https; http is for this machine.")
        }
        return text
    }

    /// The secret that the environment holds under a name, or the file that it names under `NAME_FILE`; `nil` if neither
    /// is set.
    /// - Throws: `SettingsError` if the file cannot be read.
    package func secret(_ name: String) throws(SettingsError) -> String? {
        if let value = environment[name], !value.isEmpty { return value }
        guard let path = environment[name + "_FILE"], !path.isEmpty else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError("\(name)_FILE names \(path), which cannot be read. Check its path and mode.")
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
