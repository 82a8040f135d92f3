/// The profile state that the YAML declares for a device.
public enum DesiredState: String, CaseIterable, Codable, Sendable {
    case downloadedEnabled = "downloaded-enabled"
    case downloadedDisabled = "downloaded-disabled"
}
