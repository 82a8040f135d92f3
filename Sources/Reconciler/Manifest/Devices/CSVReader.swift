/// Reads comma-separated values by RFC 4180, with the place of each field.
struct CSVReader {
    struct Field {
        fileprivate let range: Range<Int>
        /// What it holds, where quotes are doubled in the text.
        fileprivate let unquoted: [UInt8]?
        let mark: YAMLMark
    }

    /// A quote that is not closed, or text behind a closing one.
    struct Malformed: Error {
        let mark: YAMLMark
        let reason: String
    }

    private let bytes: [UInt8]
    private var position = 0
    /// The number of the line at hand, from 1.
    private(set) var line = 1
    private var lineStart = 0
    /// How many bytes of the line at hand go on with a character.
    private var continuations = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            position = 3
            lineStart = 3
        }
    }

    /// The place of the first byte that is no UTF-8, if there is one.
    var firstFault: (mark: YAMLMark, byte: UInt8)? {
        guard let offset = TextEncoding.firstFault(in: bytes[position...]).map({ $0 + position }) else { return nil }
        let before = bytes[..<offset]
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? lineStart
        let mark = YAMLMark(
            line: before.count { $0 == 0x0A } + 1, column: before[start...].count { $0 & 0xC0 != 0x80 } + 1)
        return (mark, bytes[offset])
    }

    /// Whether a line that is not part of a field begins at the place, as a person reads the text.
    var isAtMergeMarker: Bool { MergeMarker.begins(bytes[position...].prefix(8)) }

    /// Whether the next line says only which character is to stand between fields, which Excel alone understands.
    var isAtSeparatorLine: Bool { bytes[position...].starts(with: Array("sep=".utf8)) }

    /// The beginning of the next line as it is written.
    var lineText: String {
        let line = bytes[position...].prefix(4096)
        return String(decoding: line.prefix { !isLineEnd($0) }, as: UTF8.self)
    }

    /// Skips empty lines.
    /// - Returns: `false` at the end.
    mutating func moveToRow() -> Bool {
        while position < bytes.count, isLineEnd(bytes[position]) { endLine() }
        return position < bytes.count
    }

    /// What a line holds beside the fields that are kept.
    struct Row {
        /// How many fields there are; 0 at the end of the text.
        var count = 0
        /// Whether all of them are empty.
        var isEmpty = true
    }

    /// Reads the fields of the next line that is not empty into `fields`.
    ///
    /// - Parameter limit: how many are kept; those behind are counted.
    mutating func readRow(into fields: inout [Field], limit: Int) throws(Malformed) -> Row {
        fields.removeAll(keepingCapacity: true)
        var row = Row()
        guard moveToRow() else { return row }
        while true {
            let field = try field()
            if row.count < limit { fields.append(field) }
            row.count += 1
            row.isEmpty = row.isEmpty && field.range.isEmpty
            guard position < bytes.count else { return row }
            if bytes[position] == 0x2C {
                position += 1
                continue
            }
            endLine()
            return row
        }
    }

    /// Gives the bytes of a field, without spaces around it and without its quotes.
    func withText<Result>(_ field: Field, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let unquoted = field.unquoted { return unquoted.withUnsafeBytes(body) }
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[field.range])) }
    }

    func text(_ field: Field) -> String {
        withText(field) { String(decoding: $0, as: UTF8.self) }
    }

    /// Columns count characters, as in YAML.
    private var mark: YAMLMark { YAMLMark(line: line, column: position - lineStart - continuations + 1) }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
    private func isFieldEnd(_ byte: UInt8) -> Bool { byte == 0x2C || isLineEnd(byte) }
    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// A lone CR ends a row and no line: editors and code hosts count LF.
    private mutating func endLine() {
        if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
        let isLine = bytes[position] == 0x0A
        position += 1
        if isLine { beginLine(at: position) }
    }

    private mutating func beginLine(at start: Int) {
        line += 1
        lineStart = start
        continuations = 0
    }

    private mutating func field() throws(Malformed) -> Field {
        let mark = mark
        guard bytes.indices.contains(position), bytes[position] == 0x22 else {
            var first = position
            while position < bytes.count, !isFieldEnd(bytes[position]) {
                if bytes[position] & 0xC0 == 0x80 { continuations += 1 }
                position += 1
            }
            var end = position
            while first < end, isSpace(bytes[first]) { first += 1 }
            while end > first, isSpace(bytes[end - 1]) { end -= 1 }
            return Field(range: first..<end, unquoted: nil, mark: mark)
        }
        return try quotedField(from: mark)
    }

    private mutating func quotedField(from mark: YAMLMark) throws(Malformed) -> Field {
        position += 1
        let first = position
        var content: [UInt8]?
        while true {
            guard position < bytes.count else { throw Malformed(mark: mark, reason: "a quote that is never closed") }
            let byte = bytes[position]
            if byte == 0x22 {
                guard position + 1 < bytes.count, bytes[position + 1] == 0x22 else { break }
                if content == nil { content = Array(bytes[first..<position]) }
                position += 1
            } else if byte == 0x0A {
                beginLine(at: position + 1)
            } else if byte & 0xC0 == 0x80 {
                continuations += 1
            }
            content?.append(byte)
            position += 1
        }
        let range = first..<position
        position += 1
        guard position == bytes.count || isFieldEnd(bytes[position]) else {
            throw Malformed(mark: self.mark, reason: "text behind a closing quote")
        }
        return Field(range: range, unquoted: content, mark: mark)
    }
}
