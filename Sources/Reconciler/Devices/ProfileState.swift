/// What is known of a profile: the carrier's profile status, folded.
///
/// The carrier's word records the last action, not a clean state, so several words mean the same
/// (`thingspace.md`, section 3).
public enum ProfileState: UInt8, CaseIterable, Codable, Sendable {
    case notDownloaded = 1
    case downloadedDisabled = 2
    case downloadedEnabled = 3
    case deleted = 4
    /// The carrier was asked and does not know, or said something that nobody has documented.
    case unknown = 5

    /// What the carrier's profile status says; anything undocumented is `unknown`.
    public init(profileStatus: String) {
        self = DocumentedWords.profileStatuses[profileStatus] ?? .unknown
    }

    /// Whether the profile is on the eUICC, so that downloading it again would be wrong.
    public var isOnDevice: Bool {
        self == .downloadedDisabled || self == .downloadedEnabled
    }

    /// The name of what is known of a profile, for people.
    static func name(of known: ProfileState?) -> String { known?.name ?? "never seen" }

    /// The name that plans, JSON and `resolve --as` use.
    public var name: String {
        switch self {
        case .notDownloaded: "notDownloaded"
        case .downloadedDisabled: "downloadedDisabled"
        case .downloadedEnabled: "downloadedEnabled"
        case .deleted: "deleted"
        case .unknown: "unknown"
        }
    }
}

extension String {
    /// Lower case without spaces, line breaks, dashes and underscores: the carrier spells one word in several ways
    /// (`thingspace.md`, sections 8.7 and 8.11).
    var foldedForComparison: String {
        String(
            decoding: utf8.compactMap { byte -> UInt8? in
                switch byte {
                case 0x20, 0x2D, 0x5F, 0x09, 0x0A, 0x0D: nil
                case 0x41...0x5A: byte | 0x20
                default: byte
                }
            }, as: UTF8.self)
    }
}
