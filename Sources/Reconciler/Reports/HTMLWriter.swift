/// Writes HTML piece by piece. Every text and every value of an attribute is escaped; names are part of the program.
struct HTMLWriter {
    private(set) var bytes: [UInt8] = []

    /// Forgets what was written so far, after it was taken.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Writes an element with its end tag.
    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:],
        _ content: (inout HTMLWriter) -> Void = { _ in }
    ) {
        startTag(name, attributes)
        content(&self)
        endTag(name)
    }

    /// Writes an element that holds one text.
    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], text: String
    ) {
        element(name, attributes) { $0.text(text) }
    }

    /// Writes a start tag, which is all that an element without content has.
    mutating func startTag(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:]) {
        literal("<")
        literal(name)
        for (key, value) in attributes {
            literal(" ")
            literal(key)
            literal("=\"")
            text(value)
            literal("\"")
        }
        literal(">")
    }

    mutating func endTag(_ name: StaticString) {
        literal("</")
        literal(name)
        literal(">")
    }

    /// Writes a text, escaped for the inside of elements and of quoted attributes.
    mutating func text(_ text: String) {
        for byte in text.visible.utf8 {
            switch byte {
            case UInt8(ascii: "&"): literal("&amp;")
            case UInt8(ascii: "<"): literal("&lt;")
            case UInt8(ascii: ">"): literal("&gt;")
            case UInt8(ascii: "\""): literal("&quot;")
            case UInt8(ascii: "'"): literal("&#39;")
            default: bytes.append(byte)
            }
        }
    }

    /// Writes what is part of the program as it is.
    mutating func literal(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes a file of the program (a style sheet, a script) as it is.
    mutating func literal(file: [UInt8]) { bytes.append(contentsOf: file) }

    /// Writes JSON for a script to read: nothing in it can end the element.
    mutating func json(_ json: [UInt8]) {
        for byte in json {
            if byte == UInt8(ascii: "<") { literal("\\u003c") } else { bytes.append(byte) }
        }
    }
}
