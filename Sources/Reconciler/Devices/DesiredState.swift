/// The profile state that the YAML declares for a device.
public enum DesiredState: String, CaseIterable, Codable, Sendable {
    case downloadedEnabled = "downloaded-enabled"
    case downloadedDisabled = "downloaded-disabled"
}

extension DesiredState {
    /// The profile state that it asks for.
    var profileState: ProfileState {
        switch self {
        case .downloadedEnabled: .downloadedEnabled
        case .downloadedDisabled: .downloadedDisabled
        }
    }
}
