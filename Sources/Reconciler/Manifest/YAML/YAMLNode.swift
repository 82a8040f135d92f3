/// A part of a document: a scalar as it was written, a sequence or a mapping.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        let key: YAMLNode
        let value: YAMLNode
    }

    let content: Content
    let mark: YAMLMark
    /// How many nodes it is when written out, aliases included. Shared parts cost memory once and count each time.
    let weight: Int

    /// The scalar as it was written; `nil` for sequences and mappings.
    var scalar: String? {
        if case .scalar(let text, _) = content { return text }
        return nil
    }

    static let nullWords: Set<String> = ["", "~", "null", "Null", "NULL"]

    /// Whether it is `~`, `null` or nothing at all, and not in quotes.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content {
            return Self.nullWords.contains(text)
        }
        return false
    }

    /// What it is, for a complaint.
    var summary: String {
        switch content {
        case .scalar("", _): "nothing"
        case .scalar(let text, _): "`\(text.excerpt(limit: 60))`" + HiddenScalar.note(on: text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
