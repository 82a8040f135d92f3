/// The settings of listeners and of a controller.
extension Settings {
    mutating func takeAdmin(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "admin", known: SettingsShape.admin.keys, complaints: &complaints)
        else { return }
        adminListen = reader.text("listen", expected: "HOST:PORT", complaints: &complaints) ?? adminListen
        adminTLS = Self.tls(in: reader, complaints: &complaints) ?? adminTLS
    }

    mutating func takeServe(_ node: YAMLNode, file: String, complaints: inout ComplaintList) {
        guard
            let reader = MappingReader(
                node, file: file, path: "serve", known: SettingsShape.serve.keys, complaints: &complaints)
        else { return }
        drainTimeout =
            reader.scalar("drainTimeout", expected: DurationBounds.drainTimeout.expected, complaints: &complaints) {
                DurationBounds.drainTimeout.read($0)
            } ?? drainTimeout
        manifestInterval =
            reader.scalar(
                "manifestInterval", expected: DurationBounds.manifestInterval.expected, complaints: &complaints
            ) {
                DurationBounds.manifestInterval.read($0)
            } ?? manifestInterval
    }

    /// The member `tls` of a listener; `nil` if there is none that is right.
    static func tls(in listener: MappingReader, complaints: inout ComplaintList) -> CallbackTLS? {
        let expected = "the path of a PEM file"
        guard let node = listener.node("tls"),
            let reader = MappingReader(
                node, file: listener.file, path: listener.path(to: "tls"), known: SettingsShape.tls.keys,
                complaints: &complaints)
        else { return nil }
        let certificate = reader.text("certificate", expected: expected, complaints: &complaints)
        let key = reader.text("key", expected: expected, complaints: &complaints)
        for missing in ["certificate", "key"] where reader.node(missing) == nil {
            reader.missing(missing, expected: expected, complaints: &complaints)
        }
        guard let certificate, let key else { return nil }
        let folder = FilePath.folder(of: listener.file)
        return CallbackTLS(
            certificate: FilePath.resolve(certificate, below: folder), key: FilePath.resolve(key, below: folder))
    }

    /// The member `allow` of the callback listener; `nil` if there is none that is right.
    static func clients(in listener: MappingReader, complaints: inout ComplaintList) -> [String]? {
        guard let node = listener.node("allow") else { return nil }
        let path = listener.path(to: "allow")
        guard case .sequence(let elements) = node.content, !elements.isEmpty else {
            complaints.add(
                Complaint(
                    .error, at: listener.place(of: "allow"), path: path, found: node.summary,
                    expected: "a list of addresses that is not empty"))
            return nil
        }
        var clients: [String] = []
        for (number, element) in elements.enumerated() {
            if let text = element.scalar, !element.isNull, AllowedClients.problem(of: [text]) == nil {
                clients.append(text)
            } else {
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: listener.file, mark: element.mark),
                        path: path.appending(element: number),
                        found: element.summary, expected: AllowedClients.expected))
            }
        }
        return clients.count == elements.count ? clients : nil
    }
}

/// Where something listens, as it is written in settings: `127.0.0.1:9180`, `[::1]:9180`.
public struct ListenAddress: Hashable, Sendable {
    /// Without brackets.
    public let host: String
    /// 0 for one that the system chooses.
    public let port: Int

    /// - Parameter setting: the key that it stands under.
    /// - Throws: `SettingsError`
    public init(_ text: String, setting: String) throws(SettingsError) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), 0...65535 ~= port
        else {
            throw SettingsError("\(setting) is `\(text.excerpt(limit: 100))`, expected HOST:PORT.")
        }
        host = String(text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" })
        self.port = port
    }
}
