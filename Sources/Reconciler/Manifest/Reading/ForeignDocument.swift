/// A document that is no manifest and does not try to be one.
enum ForeignDocument: Equatable {
    /// The settings of this program.
    case settings
    /// A document of another program, by its `kind`.
    case kind(String)

    /// - Parameter entries: the top members of the document.
    init?(_ entries: [YAMLNode.Entry]) {
        let keys = Set(entries.compactMap(\.key.scalar))
        func value(_ key: String) -> String? { entries.first { $0.key.scalar == key }?.value.scalar }
        if let version = value("apiVersion"), let kind = value("kind") {
            // A slip in one of the two is no other kind.
            guard !version.hasPrefix("profilectl"), NearestWord.to(kind, among: [ManifestDocument.kind]) == nil,
                NearestWord.to(version, among: [ManifestDocument.apiVersion]) == nil
            else { return nil }
            self = .kind(kind)
        } else if !keys.isDisjoint(with: SettingsShape.top.keys), keys.isDisjoint(with: ManifestShape.document.keys) {
            self = .settings
        } else {
            return nil
        }
    }

    /// Why it was skipped.
    var reason: String {
        switch self {
        case .settings: "it holds settings of profilectl"
        case .kind(let kind): "it is a document of another kind, \(kind.excerpt(limit: 60))"
        }
    }
}

/// A text or document that was found in a folder and is not read, since it is no manifest.
public struct ManifestNote: Hashable, Codable, Sendable, CustomStringConvertible {
    public let place: SourcePlace
    public let reason: String

    /// One sentence.
    public var description: String { "\(place): skipped, since \(reason)." }
}
