import Foundation

/// How much of a document is read before it is refused.
public struct ManifestLimits: Hashable, Sendable {
    /// Nested collections.
    public var depth = 64
    /// The size of one file or stream, in bytes.
    public var size = 1 << 30
    /// Nodes that aliases may stand for without there being many nodes in the document itself.
    public var aliasedNodes = 100_000
    /// Nodes that aliases may stand for, for each node of the document.
    public var aliasedNodesPerNode = 64
    /// Complaints that are kept; further ones are counted.
    public var complaints = 1000

    public init() {}
}

/// Why a document was given up.
enum YAMLRefusal: Error {
    case syntax(YAMLSyntaxError)
    /// Deeper, or with more behind its aliases, than is allowed.
    case limit(YAMLMark, String)
    case unknownAlias(YAMLMark, String)

    var mark: YAMLMark {
        switch self {
        case .syntax(let error): error.mark
        case .limit(let mark, _), .unknownAlias(let mark, _): mark
        }
    }
}

/// Builds nodes from events: aliases replaced by what they stand for, limits kept, duplicate keys reported.
struct YAMLComposer {
    /// The same key twice in one mapping.
    struct DuplicateKey {
        let key: String
        let mark: YAMLMark
        let first: YAMLMark
    }

    private let reader: YAMLEventReader
    private let limits: ManifestLimits
    private var anchors: [String: YAMLNode] = [:]
    private var aliasedWeight = 0
    private(set) var duplicateKeys: [DuplicateKey] = []

    init(_ data: Data, limits: ManifestLimits) {
        reader = YAMLEventReader(data)
        self.limits = limits
    }

    /// How many events libyaml has given.
    var eventCount: Int { reader.eventCount }
    var mark: YAMLMark { reader.mark }

    mutating func next() throws(YAMLRefusal) -> YAMLEvent {
        do {
            return try reader.next()
        } catch {
            throw .syntax(error)
        }
    }

    /// Anchors do not reach beyond their document.
    mutating func beginDocument() {
        anchors = [:]
        duplicateKeys = []
    }

    mutating func takeDuplicateKeys() -> [DuplicateKey] {
        defer { duplicateKeys = [] }
        return duplicateKeys
    }

    /// The node that begins with the next event; `nil` if that ends a collection or the document.
    mutating func nextNode(depth: Int) throws(YAMLRefusal) -> YAMLNode? {
        let event = try next()
        return try node(from: event, depth: depth)
    }

    mutating func node(from event: YAMLEvent, depth: Int) throws(YAMLRefusal) -> YAMLNode? {
        let mark = reader.mark
        guard depth <= limits.depth else {
            throw .limit(mark, "nested more than \(limits.depth) levels deep")
        }
        switch event {
        case .scalar(let text, let isPlain, let anchor):
            return keep(YAMLNode(content: .scalar(text, isPlain: isPlain), mark: mark, weight: 1), as: anchor)
        case .alias(let name):
            return try resolve(name, at: mark)
        case .sequenceStart(let anchor):
            var elements: [YAMLNode] = []
            var weight = 1
            while let element = try nextNode(depth: depth + 1) {
                elements.append(element)
                weight = weight.addingCapped(element.weight)
            }
            return keep(YAMLNode(content: .sequence(elements), mark: mark, weight: weight), as: anchor)
        case .mappingStart(let anchor):
            return keep(try mapping(at: mark, depth: depth), as: anchor)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            return nil
        }
    }

    private mutating func mapping(at mark: YAMLMark, depth: Int) throws(YAMLRefusal) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var weight = 1
        var seen: [String: YAMLMark] = [:]
        while let key = try nextNode(depth: depth + 1) {
            guard let value = try nextNode(depth: depth + 1) else { break }
            weight = weight.addingCapped(key.weight).addingCapped(value.weight)
            if let text = key.scalar, text != "<<", let first = seen.updateValue(key.mark, forKey: text) {
                duplicateKeys.append(DuplicateKey(key: text, mark: key.mark, first: first))
            } else {
                entries.append(YAMLNode.Entry(key: key, value: value))
            }
        }
        return YAMLNode(content: .mapping(entries), mark: mark, weight: weight)
    }

    private mutating func keep(_ node: YAMLNode, as anchor: String?) -> YAMLNode {
        if let anchor { anchors[anchor] = node }
        return node
    }

    private mutating func resolve(_ name: String, at mark: YAMLMark) throws(YAMLRefusal) -> YAMLNode {
        guard let node = anchors[name] else { throw .unknownAlias(mark, name) }
        aliasedWeight = aliasedWeight.addingCapped(node.weight)
        let allowed = max(limits.aliasedNodes, reader.eventCount * limits.aliasedNodesPerNode)
        guard aliasedWeight <= allowed else {
            throw .limit(mark, "the aliases of this document stand for more than \(allowed) nodes")
        }
        return YAMLNode(content: node.content, mark: mark, weight: node.weight)
    }
}

extension Int {
    fileprivate func addingCapped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
