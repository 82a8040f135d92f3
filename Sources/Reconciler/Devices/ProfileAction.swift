/// A change that the carrier can be asked for.
public enum ProfileAction: String, CaseIterable, Codable, Sendable {
    case downloadEnable
    case downloadDisable
    case enable
    case disable

    /// Whether the profile is put on the eUICC, rather than switched on or off there.
    public var isDownload: Bool { self == .downloadEnable || self == .downloadDisable }

    /// The profile state that the action leads to.
    public var expectedState: ProfileState {
        switch self {
        case .downloadEnable, .enable: .downloadedEnabled
        case .downloadDisable, .disable: .downloadedDisabled
        }
    }
}
