/// How imported devices are spread over files.
public enum ImportSplit: Hashable, Sendable {
    /// A file for each account.
    case account
    /// A file for each value of a label, and one for devices without it.
    case label(String)

    /// Reads `account`, `label` (the carrier's groups) or `label:KEY`.
    public init?(_ text: String) {
        switch text {
        case "account": self = .account
        case "label": self = .label(ImportLabels.group)
        case _ where text.hasPrefix("label:") && text.count > 6: self = .label(String(text.dropFirst(6)))
        default: return nil
        }
    }

    /// The name of the profile set, and of the file, that a device goes to.
    func setName(account: AccountName, labels: [String: String]) -> String {
        switch self {
        case .account: "account-" + Self.plain(account.description)
        case .label(let key):
            labels[key].map { Self.plain(key) + "-" + Self.plain($0) } ?? "without-" + Self.plain(key)
        }
    }

    /// The label that all devices of a file share.
    var sharedLabel: String? {
        if case .label(let key) = self { return key }
        return nil
    }

    /// The text with dashes for all that a name may not hold.
    private static func plain(_ text: String) -> String {
        String(
            decoding: text.utf8.prefix(100).map { byte -> UInt8 in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: byte
                default: 0x2D
                }
            }, as: UTF8.self)
    }
}
