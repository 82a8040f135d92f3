/// The events of one node, kept so that they can be read more than once, in two buffers that are used again for
/// the next node.
struct YAMLTape {
    enum Kind: UInt8 {
        case plainScalar
        case otherScalar
        case alias
        case sequenceStart
        case mappingStart
        case end
    }

    struct Event {
        let kind: Kind
        let column: UInt32
        let line: UInt32
        fileprivate let textStart: UInt32
        fileprivate let textCount: UInt32

        var mark: YAMLMark { YAMLMark(line: Int(line), column: Int(column)) }
        var isScalar: Bool { kind == .plainScalar || kind == .otherScalar }
    }

    private(set) var events: ContiguousArray<Event> = []
    private var bytes: ContiguousArray<UInt8> = []
    /// The anchors, by the number of their event.
    private(set) var anchors: [Int: String] = [:]

    /// Aliases stand for something else, and anchors are to be kept, so that the node is more than what is written.
    private(set) var hasAliasOrAnchor = false

    mutating func removeAll() {
        events.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        if hasAliasOrAnchor {
            anchors = [:]
            hasAliasOrAnchor = false
        }
    }

    /// Adds the event that the reader read last.
    mutating func append(_ kind: Kind, from reader: YAMLEventReader) {
        let mark = reader.mark
        let start = bytes.count
        if kind != .end {
            reader.withText { bytes.append(contentsOf: $0) }
            if let anchor = reader.anchor {
                anchors[events.count] = anchor
                hasAliasOrAnchor = true
            }
            if kind == .alias { hasAliasOrAnchor = true }
        }
        events.append(
            Event(
                kind: kind, column: UInt32(clamping: mark.column), line: UInt32(clamping: mark.line),
                textStart: UInt32(clamping: start), textCount: UInt32(clamping: bytes.count - start)))
    }

    /// Adds an event that was read without libyaml.
    mutating func append(_ kind: Kind, line: Int, column: Int, text: UnsafeRawBufferPointer) {
        let start = bytes.count
        bytes.append(contentsOf: text)
        events.append(
            Event(
                kind: kind, column: UInt32(clamping: column), line: UInt32(clamping: line),
                textStart: UInt32(clamping: start), textCount: UInt32(clamping: text.count)))
    }

    /// Gives the bytes of a scalar, or the name of an alias.
    func withText<Result>(_ event: Event, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { all in
            let start = Int(event.textStart)
            return body(UnsafeRawBufferPointer(rebasing: all[start..<(start + Int(event.textCount))]))
        }
    }

    func text(_ event: Event) -> String {
        withText(event) { String(decoding: $0, as: UTF8.self) }
    }
}
