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
    private var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            position = 3
            lineStart = 3
        }
    }

    /// Reads the fields of the next line that is not empty into `fields`.
    /// - Returns: `false` at the end.
    mutating func readRow(into fields: inout [Field]) throws(Malformed) -> Bool {
        fields.removeAll(keepingCapacity: true)
        while position < bytes.count, isLineEnd(bytes[position]) { endLine() }
        guard position < bytes.count else { return false }
        while true {
            fields.append(try field())
            guard position < bytes.count else { return true }
            if bytes[position] == 0x2C {
                position += 1
                continue
            }
            endLine()
            return true
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

    private var mark: YAMLMark { YAMLMark(line: line, column: position - lineStart + 1) }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
    private func isFieldEnd(_ byte: UInt8) -> Bool { byte == 0x2C || isLineEnd(byte) }
    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private mutating func endLine() {
        if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
        position += 1
        line += 1
        lineStart = position
    }

    private mutating func field() throws(Malformed) -> Field {
        let mark = mark
        guard bytes.indices.contains(position), bytes[position] == 0x22 else {
            var first = position
            while position < bytes.count, !isFieldEnd(bytes[position]) { position += 1 }
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
                line += 1
                lineStart = position + 1
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
