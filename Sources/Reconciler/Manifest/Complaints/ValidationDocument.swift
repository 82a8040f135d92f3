/// The result of reading manifests as JSON: what `validate --format json` prints.
public struct ValidationDocument: Codable, Sendable {
    public let valid: Bool
    public let devices: Int
    public let errors: Int
    public let warnings: Int
    /// At most as many as the limit; `errors` and `warnings` count all.
    public let complaints: [Complaint]

    public init(_ loaded: LoadedManifest) {
        valid = !loaded.hasErrors
        devices = loaded.fleet.devices.count
        errors = loaded.errorCount
        warnings = loaded.warningCount
        complaints = loaded.complaints
    }
}
