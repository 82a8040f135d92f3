/// Names devices on the command line (`--target`, `--exclude`): one or more terms with commas between them, all of
/// which must hold.
///
/// For example: `eid:89049032000000000000000004100062`, `label:site=phoenix-*,account:0342077109-00001`.
///
/// A term is `eid:`, `iccid:`, `account:`, `file:` or `set:` with a value, `label:KEY=VALUE`, `label:KEY` for devices
/// that have the label, or a bare EID or ICCID. In values `*` stands for any run of characters, `?` for one, and a
/// backslash takes the meaning from what stands behind it.
public struct DeviceSelector: Hashable, Sendable, CustomStringConvertible {
    /// One property that a device must have.
    enum Term: Hashable, Sendable {
        case eid(SelectorPattern)
        case iccid(SelectorPattern)
        case account(SelectorPattern)
        /// The manifest or the CSV that declares a device.
        case file(SelectorPattern)
        case set(SelectorPattern)
        /// A value of `nil` asks only for the label to be there.
        case label(SelectorPattern, SelectorPattern?)
    }

    /// The words before the colon.
    public static let kinds = ["eid", "iccid", "account", "file", "set", "label"]

    private static let kindList = kinds.map { $0 + ":" }.joined(separator: ", ")

    /// As it was typed.
    public let description: String
    let terms: [Term]

    /// - Throws: `SelectionError` if it is none, with what was probably meant.
    public init(_ text: String) throws(SelectionError) {
        description = text
        var terms: [Term] = []
        for part in Self.split(text, at: ",", atMost: .max) { terms.append(try Self.term(part)) }
        self.terms = terms
    }

    /// Whether the devices of the state store can be looked through for it, which know of no manifests.
    var isKnownToStore: Bool {
        terms.allSatisfy { term in
            switch term {
            case .eid, .iccid, .account: true
            case .file, .set, .label: false
            }
        }
    }

    // MARK: Reading

    private static func term(_ text: Substring) throws(SelectionError) -> Term {
        guard let colon = text.firstIndex(of: ":") else { return try bareTerm(text) }
        let kind = String(text[..<colon])
        let value = text[text.index(after: colon)...]
        guard kinds.contains(kind) else {
            throw SelectionError(
                "there is no `\(kind.excerpt(limit: 60)):`, expected one of \(kindList)"
                    + (NearestWord.hint(for: kind, among: kinds).map { "; \($0)" } ?? ""))
        }
        guard !value.isEmpty else {
            throw SelectionError(
                "`\(kind):` has nothing behind it, expected \(kind):\(kind == "label" ? "KEY=VALUE" : "VALUE")")
        }
        switch kind {
        case "eid": return .eid(try digits(value, atMost: EID.maximumDigits, "EID"))
        case "iccid": return .iccid(try digits(value, atMost: ICCID.maximumDigits, "ICCID"))
        case "account": return .account(SelectorPattern(value))
        case "file": return .file(SelectorPattern(value))
        case "set": return .set(SelectorPattern(value))
        default:
            let parts = split(value, at: "=", atMost: 2)
            let key = SelectorPattern(parts[0])
            guard !key.isEmpty else {
                throw SelectionError("the label has no name, expected label:KEY=VALUE or label:KEY")
            }
            return .label(key, parts.count > 1 ? SelectorPattern(parts[1]) : nil)
        }
    }

    private static func digits(
        _ text: Substring, atMost limit: Int, _ name: String
    ) throws(SelectionError) -> SelectorPattern {
        let pattern = SelectorPattern(text)
        guard pattern.isOfDigits else {
            throw SelectionError("an \(name) has digits only, with * and ? for any of them")
        }
        if let exact = pattern.exact, exact.utf8.count > limit {
            throw SelectionError("\(exact.utf8.count) digits, and an \(name) has at most \(limit)")
        }
        return pattern
    }

    /// A number without its kind, where its length tells what it is.
    private static func bareTerm(_ text: Substring) throws(SelectionError) -> Term {
        guard !text.isEmpty else { throw SelectionError("a term is empty, expected KIND:VALUE") }
        let shown = String(text).excerpt(limit: 60)
        guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            let meant = text.contains("=") ? "; did you mean `label:\(shown)`?" : ""
            throw SelectionError("`\(shown)` has none of \(kindList) before it\(meant)")
        }
        switch text.utf8.count {
        case 18...ICCID.maximumDigits: return .iccid(SelectorPattern(text))
        case (ICCID.maximumDigits + 1)...EID.maximumDigits: return .eid(SelectorPattern(text))
        default:
            throw SelectionError(
                "\(text.utf8.count) digits are neither an EID (32) nor an ICCID (19 or 20); say eid:\(shown)* or "
                    + "iccid:\(shown)* if they are the beginning of one")
        }
    }

    /// Cuts a text at a character, unless there is a backslash before that.
    private static func split(_ text: some StringProtocol, at separator: Character, atMost limit: Int) -> [Substring] {
        let text = Substring(text)
        var parts: [Substring] = []
        var start = text.startIndex
        var isEscaped = false
        for index in text.indices {
            if !isEscaped, text[index] == separator, parts.count + 1 < limit {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
            isEscaped = !isEscaped && text[index] == "\\"
        }
        return parts + [text[start...]]
    }
}

/// A selector that cannot be read or that selects nothing, as a sentence with what to do.
public struct SelectionError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
