/// Reads the members of one mapping, each once; merge keys are resolved, unknown keys complained of.
///
/// Used for every mapping of a manifest and of the settings, so that all complain in the same way.
struct MappingReader {
    struct Member {
        let keyMark: YAMLMark
        let value: YAMLNode
    }

    let file: String
    let path: ValuePath
    let mark: YAMLMark
    private var members: [String: Member] = [:]
    /// Whether one of its keys was complained of: what is missing may stand under it.
    private(set) var hasUnknownKeys = false

    /// - Parameters:
    ///   - path: of the mapping, "" at the top.
    ///   - known: the keys that there may be.
    /// - Returns: `nil`, with a complaint, if the node is no mapping.
    init?(_ node: YAMLNode, file: String, path: ValuePath, known: [String], complaints: inout ComplaintList) {
        self.file = file
        self.path = path
        mark = node.mark
        guard case .mapping(let entries) = node.content else {
            complaints.add(
                Complaint(
                    .error, at: SourcePlace(file: file, mark: node.mark), path: path, found: node.summary,
                    expected: "a mapping with \(known.map { "`\($0)`" }.joined(separator: ", "))"))
            return nil
        }
        take(entries, complaints: &complaints)
        let names = Set(known)
        let unknown = members.filter { !names.contains($0.key) }
        hasUnknownKeys = !unknown.isEmpty
        for (key, member) in unknown.sorted(by: { $0.value.keyMark < $1.value.keyMark }) {
            complaints.add(
                Complaint(
                    .error, .unknownKey, at: SourcePlace(file: file, mark: member.keyMark), path: path,
                    found: "the unknown key `\(key.excerpt(limit: 60))`",
                    expected: "one of \(known.joined(separator: ", "))",
                    hint: NearestWord.hint(for: key, among: known)))
        }
    }

    /// Explicit members win over merged ones, and earlier merged ones over later.
    private mutating func take(_ entries: [YAMLNode.Entry], complaints: inout ComplaintList) {
        var merges: [YAMLNode] = []
        for entry in entries {
            guard let key = entry.key.scalar else {
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: file, mark: entry.key.mark), path: path,
                        found: "\(entry.key.summary) as a key", expected: "a plain key"))
                continue
            }
            if key == "<<" {
                merges.append(entry.value)
            } else if members[key] == nil {
                members[key] = Member(keyMark: entry.key.mark, value: entry.value)
            }
        }
        for merge in merges {
            switch merge.content {
            case .mapping(let merged):
                take(merged, complaints: &complaints)
            case .sequence(let list) where list.allSatisfy({ if case .mapping = $0.content { true } else { false } }):
                for element in list {
                    if case .mapping(let merged) = element.content {
                        take(merged, complaints: &complaints)
                    }
                }
            default:
                complaints.add(
                    Complaint(
                        .error, at: SourcePlace(file: file, mark: merge.mark), path: path,
                        found: "\(merge.summary) behind the merge key `<<`", expected: "a mapping or a list of mappings"
                    ))
            }
        }
    }

    /// The value of a member; `nil` if there is none.
    func node(_ key: String) -> YAMLNode? { members[key]?.value }

    var keys: [String] { members.keys.sorted() }

    func path(to key: String) -> ValuePath { path.appending(key) }

    func place(of key: String) -> SourcePlace {
        SourcePlace(file: file, mark: members[key]?.value.mark ?? mark)
    }

    /// Reads a scalar; complains and returns `nil` if the value is something else, or `parse` refuses it.
    func scalar<Value>(
        _ key: String, expected: String, complaints: inout ComplaintList, hint: (String) -> String? = { _ in nil },
        parse: (String) -> Value?
    ) -> Value? {
        guard let node = node(key) else { return nil }
        if let text = node.scalar, !node.isNull, let value = parse(text) { return value }
        complaints.add(
            Complaint(
                .error, at: place(of: key), path: path(to: key), found: node.summary, expected: expected,
                hint: node.scalar.flatMap(hint)))
        return nil
    }

    func text(_ key: String, expected: String = "text", complaints: inout ComplaintList) -> String? {
        scalar(key, expected: expected, complaints: &complaints) { $0.isEmpty ? nil : $0 }
    }

    /// Complains that a member is missing.
    func missing(_ key: String, expected: String, complaints: inout ComplaintList, hint: String? = nil) {
        complaints.add(
            Complaint(
                .error, .missingValue, at: SourcePlace(file: file, mark: mark), path: path(to: key), found: "nothing",
                expected: expected, hint: hint))
    }
}

extension SourcePlace {
    init(file: String, mark: YAMLMark) {
        self.init(file: file, line: mark.line, column: mark.column)
    }
}
