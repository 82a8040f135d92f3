import CYAML

/// Where something stands in a text; both count from 1.
struct YAMLMark: Hashable, Comparable, Sendable {
    var line: Int
    var column: Int

    static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// What the text holds next.
enum YAMLEvent {
    case streamStart
    case streamEnd
    /// `hasTagDirectives`: what follows cannot be read without what stands before it.
    case documentStart(hasTagDirectives: Bool)
    case documentEnd
    case alias
    /// `isPlain`: without quotes and not as a block.
    case scalar(isPlain: Bool)
    case sequenceStart(isBlock: Bool)
    case sequenceEnd
    case mappingStart
    case mappingEnd

    var beginsNode: Bool {
        switch self {
        case .alias, .scalar, .sequenceStart, .mappingStart: true
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd: false
        }
    }
}

/// A text that is not YAML.
struct YAMLSyntaxError: Error, Hashable, Sendable {
    var mark: YAMLMark
    let reason: String
    var expected = "YAML 1.1"
    var hint: String?
}

/// Reads a text event by event through libyaml. It owns the parser and the event; no pointer outlives a call.
final class YAMLEventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let input: YAMLInput
    private let text: ManifestText
    private let start: Int
    private let prefixLength: Int

    /// The first stop that was not come by for good.
    private var nextStop = 0
    /// How many events were read.
    private(set) var eventCount = 0
    /// Added to the lines that libyaml counts, which begin with the prefix.
    var lineOffset: Int

    /// - Parameters:
    ///   - prefix: one line of ASCII that is read before the text and is not counted as a line of it.
    ///   - start: the byte at which the reading begins, the first of a line.
    ///   - stops: see `YAMLInput`.
    init(_ text: ManifestText, prefix: [UInt8] = [], start: Int = 0, stops: [Int] = []) {
        self.text = text
        self.start = start
        prefixLength = prefix.count
        lineOffset = prefix.isEmpty ? 1 : 0
        input = YAMLInput(text, prefix: prefix, start: start, stops: stops)
        parser = .allocate(capacity: 1)
        event = .allocate(capacity: 1)
        event.initialize(to: yaml_event_t())
        yaml_parser_initialize(parser)
        if start > 0 { yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING) }
        yaml_parser_set_input(
            parser,
            { context, buffer, size, filled in
                guard let context, let buffer, let filled else { return 0 }
                let input = Unmanaged<YAMLInput>.fromOpaque(context).takeUnretainedValue()
                guard let count = input.fill(UnsafeMutableRawBufferPointer(start: buffer, count: size)) else {
                    return 0
                }
                filled.pointee = count
                return 1
            }, Unmanaged.passUnretained(input).toOpaque())
    }

    deinit {
        yaml_event_delete(event)
        yaml_parser_delete(parser)
        event.deallocate()
        parser.deallocate()
    }

    /// - Throws: `YAMLSyntaxError`; nothing more can be read then.
    func next() throws(YAMLSyntaxError) -> YAMLEvent {
        yaml_event_delete(event)
        guard yaml_parser_parse(parser, event) == 1 else { throw syntaxError() }
        eventCount += 1
        switch event.pointee.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT:
            let directives = event.pointee.data.document_start.tag_directives
            return .documentStart(hasTagDirectives: directives.start != directives.end)
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias
        case YAML_SCALAR_EVENT:
            return .scalar(isPlain: event.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(isBlock: event.pointee.data.sequence_start.style == YAML_BLOCK_SEQUENCE_STYLE)
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    /// Where the event that was read last begins.
    var mark: YAMLMark {
        mark(event.pointee.start_mark)
    }

    /// The place of a mark, with the lines of editors: libyaml also ends one at a lone CR, U+0085, U+2028 and U+2029.
    private func mark(_ mark: yaml_mark_t) -> YAMLMark {
        let (line, column) = input.place(
            line: Int(mark.line), column: Int(mark.column), index: Int(mark.index))
        return YAMLMark(line: line + lineOffset, column: column + 1)
    }

    /// The byte of the text up to which libyaml has it.
    var position: Int { input.position }

    /// Sets the places that `stop(atEntryColumn:)` tells of, in bytes and in order, none of them before `position`.
    func watch(for stops: [Int]) {
        input.watch(for: stops)
        nextStop = 0
    }

    /// The stop at whose line the event that was read last begins, if it does.
    ///
    /// - Parameter column: how many characters stand before the event on that line.
    func stop(atEntryColumn column: Int) -> Int? {
        let index = Int(event.pointee.start_mark.index) - column
        while nextStop < input.stopIndices.count, input.stopIndices[nextStop] < index { nextStop += 1 }
        guard nextStop < input.stopIndices.count, input.stopIndices[nextStop] == index else { return nil }
        return nextStop
    }

    /// Gives the bytes of the scalar or the name of the alias that was read last.
    func withText<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch event.pointee.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.pointee.data.scalar
            return body(UnsafeRawBufferPointer(start: scalar.value, count: scalar.length))
        case YAML_ALIAS_EVENT:
            return body(Self.bytes(event.pointee.data.alias.anchor))
        default:
            return body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// The anchor of the event that was read last, if it has one.
    var anchor: String? {
        let name: UnsafeMutablePointer<yaml_char_t>? =
            switch event.pointee.type {
            case YAML_SCALAR_EVENT: event.pointee.data.scalar.anchor
            case YAML_SEQUENCE_START_EVENT: event.pointee.data.sequence_start.anchor
            case YAML_MAPPING_START_EVENT: event.pointee.data.mapping_start.anchor
            default: nil
            }
        return name.map { String(cString: $0) }
    }

    private static func bytes(_ text: UnsafeMutablePointer<yaml_char_t>?) -> UnsafeRawBufferPointer {
        guard let text else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var count = 0
        while text[count] != 0 { count += 1 }
        return UnsafeRawBufferPointer(start: text, count: count)
    }

    private func syntaxError() -> YAMLSyntaxError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "the text cannot be read"
        let context = parser.pointee.context.map { String(cString: $0) + ", " } ?? ""
        guard parser.pointee.error == YAML_READER_ERROR else {
            return YAMLSyntaxError(mark: mark(parser.pointee.problem_mark), reason: context + problem)
        }
        // A byte that is no text has an offset and no mark.
        let offset = max(0, Int(parser.pointee.problem_offset) - prefixLength)
        let rest = text.bytes(at: start + offset, count: 4)
        guard let byte = rest.first, problem.contains("UTF-8") else {
            var reason = problem
            if let scalar = UInt32(exactly: parser.pointee.problem_value).flatMap(Unicode.Scalar.init), scalar.value > 0
            {
                reason += ": \(HiddenScalar.name(of: scalar))"
            }
            return YAMLSyntaxError(mark: mark(ofByte: offset), reason: context + reason)
        }
        return YAMLSyntaxError(
            mark: mark(ofByte: offset), reason: TextEncoding.found(byte), expected: "UTF-8",
            hint: "save the file as UTF-8")
    }

    /// - Parameter offset: from the first byte that was read on.
    private func mark(ofByte offset: Int) -> YAMLMark {
        let before = text.bytes(at: start, count: min(offset, text.size - start))
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return YAMLMark(
            line: before.count { $0 == 0x0A } + lineOffset + (prefixLength > 0 ? 1 : 0),
            column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }
}
