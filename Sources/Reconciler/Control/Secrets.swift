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

    /// What every callback must carry; empty if nothing is set, which only a carrier on this machine allows.
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

    /// Knows what of the callback credentials, if there are any, must not be shown.
    /// - Throws: `SettingsError`
    public func callbackRedactor() throws(SettingsError) -> SecretRedactor { try callbackCredentials().redactor }

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
    /// - Throws: `SettingsError` if there is something that is no secret that can be used: it is never taken for one, and
    ///   never for none.
    package func secret(_ name: String) throws(SettingsError) -> String? {
        let file = environment[name + "_FILE"]
        if let value = environment[name], !value.isEmpty || file == nil {
            do {
                return try SecretValue.check(variable: value)
            } catch {
                throw SettingsError("\(name) \(error.reason). Set it to the secret, or unset it.")
            }
        }
        guard let path = file else { return nil }
        guard !path.isEmpty else {
            throw SettingsError(
                "\(name)_FILE is empty. Set it to the path of a file that holds the secret, or unset it.")
        }
        let contents: Data
        do {
            contents = try Self.contents(of: path)
        } catch {
            throw SettingsError("\(name)_FILE names \(path), which cannot be read. Check its path and mode.")
        }
        guard !Self.mayOthersWrite(path) else {
            throw SettingsError(
                "\(name)_FILE names \(path), which everybody on this machine may change. Take that right away: "
                    + "chmod o-w \(path).")
        }
        do {
            return try SecretValue.check(file: contents)
        } catch {
            throw SettingsError(
                "\(name)_FILE names \(path), which \(error.reason). It is to hold the secret in one line and nothing else."
            )
        }
    }

    private static func contents(of path: String) throws -> Data {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var contents = Data()
        // A pipe gives its contents in parts.
        while contents.count <= SecretValue.longest,
            let part = try file.read(upToCount: SecretValue.longest + 1 - contents.count), !part.isEmpty
        {
            contents += part
        }
        return contents
    }

    private static func mayOthersWrite(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & S_IWOTH != 0
    }
}
