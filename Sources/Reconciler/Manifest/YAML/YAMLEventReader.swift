import CYAML
import Foundation

/// Where something stands in a text; both count from 1.
struct YAMLMark: Hashable, Sendable {
    let line: Int
    let column: Int
}

/// What the text holds next.
enum YAMLEvent {
    case streamStart
    case streamEnd
    case documentStart
    case documentEnd
    case alias(String)
    /// `isPlain`: without quotes and not as a block.
    case scalar(String, isPlain: Bool, anchor: String?)
    case sequenceStart(anchor: String?)
    case sequenceEnd
    case mappingStart(anchor: String?)
    case mappingEnd
}

/// A text that is not YAML.
struct YAMLSyntaxError: Error, Hashable, Sendable {
    let mark: YAMLMark
    let reason: String
}

/// Reads a text event by event through libyaml. It owns the parser and the text; no pointer leaves this file.
final class YAMLEventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: NSData

    /// Where the event that was read last begins.
    private(set) var mark = YAMLMark(line: 1, column: 1)
    /// How many events were read.
    private(set) var eventCount = 0

    init(_ data: Data) {
        parser = .allocate(capacity: 1)
        // NSData keeps its bytes in one place for as long as it lives.
        text = data as NSData
        yaml_parser_initialize(parser)
        yaml_parser_set_input_string(
            parser, text.bytes.assumingMemoryBound(to: UInt8.self), text.length)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// - Throws: `YAMLSyntaxError`; nothing more can be read then.
    func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        eventCount += 1
        mark = YAMLMark(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(Self.string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: Self.string(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: Self.string(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: Self.string(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func syntaxError() -> YAMLSyntaxError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "the text cannot be read"
        let context = parser.pointee.context.map { String(cString: $0) + ", " } ?? ""
        var line = Int(parser.pointee.problem_mark.line) + 1
        var column = Int(parser.pointee.problem_mark.column) + 1
        if parser.pointee.error == YAML_READER_ERROR {
            // A byte that is no text has an offset and no mark.
            let offset = min(Int(parser.pointee.problem_offset), text.length)
            let before = UnsafeRawBufferPointer(start: text.bytes, count: offset)
            line = before.count { $0 == 0x0A } + 1
            column = offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        }
        return YAMLSyntaxError(mark: YAMLMark(line: line, column: column), reason: context + problem)
    }
}
