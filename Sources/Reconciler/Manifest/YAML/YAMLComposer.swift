/// Reads nodes: aliases replaced by what they stand for, limits kept, duplicate keys reported.
struct YAMLComposer {
    /// The same key twice in one mapping.
    struct DuplicateKey {
        let key: String
        let mark: YAMLMark
        let first: YAMLMark
    }

    private(set) var reader: YAMLEventReader
    private var eventsBefore = 0
    private let limits: ManifestLimits
    /// What aliases stand for, so far in this document.
    private(set) var anchors: [String: YAMLNode]
    /// Whether this composer has met an anchor, or an alias.
    private(set) var hasMetAnchor = false
    private(set) var hasMetAlias = false
    private var aliasedWeight = 0
    private var duplicateKeys: [DuplicateKey] = []
    private var tape = YAMLTape()

    init(_ reader: YAMLEventReader, limits: ManifestLimits, anchors: [String: YAMLNode] = [:]) {
        self.reader = reader
        self.limits = limits
        self.anchors = anchors
    }

    init(_ text: ManifestText, limits: ManifestLimits) {
        self.init(YAMLEventReader(text), limits: limits)
    }

    /// Where the event that was read last begins.
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

    /// Goes on at another place of the same document.
    mutating func read(on next: YAMLEventReader) {
        eventsBefore += reader.eventCount
        reader = next
    }

    /// Forgets that it has met anchors and aliases: what they stand for up to here is known.
    mutating func forgetMetAnchors() {
        hasMetAnchor = false
        hasMetAlias = false
    }

    /// Takes over the anchors of the composer that has read what stands before.
    mutating func adoptAnchors(of earlier: YAMLComposer) {
        anchors.merge(earlier.anchors) { mine, _ in mine }
        hasMetAnchor = hasMetAnchor || earlier.hasMetAnchor
    }

    // MARK: Nodes

    /// The node that begins with the next event; `nil` if that ends a collection or the document.
    mutating func nextNode(depth: Int) throws(YAMLRefusal) -> YAMLNode? {
        try node(from: try next(), depth: depth)
    }

    /// The node that begins with an event that was read.
    mutating func node(from event: YAMLEvent, depth: Int) throws(YAMLRefusal) -> YAMLNode? {
        var tape = YAMLTape()
        swap(&tape, &self.tape)
        defer { swap(&tape, &self.tape) }
        return try record(event, depth: depth, on: &tape) ? try compose(tape) : nil
    }

    /// Writes all events of a node on a tape.
    /// - Returns: `false` if the event ends a collection or the document.
    mutating func record(
        _ first: YAMLEvent, depth outer: Int, on tape: inout YAMLTape
    ) throws(YAMLRefusal) -> Bool {
        tape.removeAll()
        var depth = outer
        var event = first
        while true {
            switch event {
            case .scalar(let isPlain): tape.append(isPlain ? .plainScalar : .otherScalar, from: reader)
            case .alias: tape.append(.alias, from: reader)
            case .sequenceStart, .mappingStart:
                guard depth < limits.depth else {
                    throw .limit(mark, "nested more than \(limits.depth) levels deep")
                }
                depth += 1
                if case .mappingStart = event {
                    tape.append(.mappingStart, from: reader)
                } else {
                    tape.append(.sequenceStart, from: reader)
                }
            case .sequenceEnd, .mappingEnd, .streamStart, .streamEnd, .documentStart, .documentEnd:
                guard depth > outer else { return false }
                tape.append(.end, from: reader)
                depth -= 1
            }
            if depth == outer { return true }
            guard tape.events.count < limits.nodeEvents else {
                throw .limit(mark, "more than \(limits.nodeEvents) values in one place")
            }
            event = try next()
        }
    }

    /// The node that a tape holds.
    mutating func compose(_ tape: YAMLTape) throws(YAMLRefusal) -> YAMLNode? {
        var position = 0
        return try compose(tape, at: &position)
    }

    /// - Returns: `nil` at the end of a collection.
    private mutating func compose(_ tape: YAMLTape, at position: inout Int) throws(YAMLRefusal) -> YAMLNode? {
        let event = tape.events[position]
        let anchor = tape.anchors[position]
        position += 1
        let mark = event.mark
        switch event.kind {
        case .plainScalar, .otherScalar:
            let content = YAMLNode.Content.scalar(tape.text(event), isPlain: event.kind == .plainScalar)
            return keep(YAMLNode(content: content, mark: mark, weight: 1), as: anchor)
        case .alias:
            return try resolve(tape.text(event), at: mark)
        case .sequenceStart:
            var elements: [YAMLNode] = []
            var weight = 1
            while let element = try compose(tape, at: &position) {
                elements.append(element)
                weight = weight.addingCapped(element.weight)
            }
            return keep(YAMLNode(content: .sequence(elements), mark: mark, weight: weight), as: anchor)
        case .mappingStart:
            return keep(try mapping(tape, at: &position, mark: mark), as: anchor)
        case .end:
            return nil
        }
    }

    private mutating func mapping(
        _ tape: YAMLTape, at position: inout Int, mark: YAMLMark
    ) throws(YAMLRefusal) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        var weight = 1
        var seen: [String: YAMLMark] = [:]
        while let key = try compose(tape, at: &position) {
            guard let value = try compose(tape, at: &position) else { break }
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
        if let anchor {
            anchors[anchor] = node
            hasMetAnchor = true
        }
        return node
    }

    private mutating func resolve(_ name: String, at mark: YAMLMark) throws(YAMLRefusal) -> YAMLNode {
        hasMetAlias = true
        guard let node = anchors[name] else { throw .unknownAlias(mark, name) }
        aliasedWeight = aliasedWeight.addingCapped(node.weight)
        let allowed = max(limits.aliasedNodes, (eventsBefore + reader.eventCount) * limits.aliasedNodesPerNode)
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
