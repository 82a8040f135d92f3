/// Reads comma-separated values by RFC 4180, with the place of each field.
struct CSVReader {
    struct Field {
        let text: String
        let line: Int
        let column: Int
    }

    /// A quote that is not closed, or text behind a closing one.
    struct Malformed: Error {
        let line: Int
        let column: Int
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

    /// The fields of the next line that is not empty; `nil` at the end.
    mutating func nextRow() throws(Malformed) -> [Field]? {
        while position < bytes.count, bytes[position] == 0x0A || bytes[position] == 0x0D { endLine() }
        guard position < bytes.count else { return nil }
        var fields: [Field] = []
        while true {
            fields.append(try field())
            guard position < bytes.count else { return fields }
            if bytes[position] == 0x2C {
                position += 1
                if position == bytes.count { fields.append(Field(text: "", line: line, column: column)) }
                continue
            }
            endLine()
            return fields
        }
    }

    private var column: Int { position - lineStart + 1 }

    private mutating func endLine() {
        if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
        position += 1
        line += 1
        lineStart = position
    }

    private mutating func field() throws(Malformed) -> Field {
        let start = (line: line, column: column)
        guard position < bytes.count, bytes[position] == 0x22 else {
            let first = position
            while position < bytes.count, ![0x2C, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
            let text = String(decoding: bytes[first..<position], as: UTF8.self).trimmingSpaces
            return Field(text: text, line: start.line, column: start.column)
        }
        position += 1
        var content: [UInt8] = []
        while true {
            guard position < bytes.count else {
                throw Malformed(line: start.line, column: start.column, reason: "a quote that is never closed")
            }
            let byte = bytes[position]
            if byte == 0x22 {
                position += 1
                guard position < bytes.count, bytes[position] == 0x22 else { break }
            } else if byte == 0x0A {
                line += 1
                lineStart = position + 1
            }
            content.append(byte)
            position += 1
        }
        guard position == bytes.count || [0x2C, 0x0A, 0x0D].contains(bytes[position]) else {
            throw Malformed(line: line, column: column, reason: "text behind a closing quote")
        }
        return Field(text: String(decoding: content, as: UTF8.self), line: start.line, column: start.column)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
