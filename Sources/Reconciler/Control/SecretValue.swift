import Foundation

/// Tells a secret that can be used from what only stands in its place: pure. What is wrong is said without the secret.
enum SecretValue {
    /// What is read of a file at most.
    static let longest = 64 << 10

    /// - Parameter name: what is wrong, for the variable that is named before it.
    struct Unusable: Error, Hashable {
        let reason: String
    }

    /// The value of a variable.
    static func check(variable text: String) throws(Unusable) -> String {
        // What is no UTF-8 has been replaced by then.
        guard !text.contains("\u{FFFD}") else { throw Unusable(reason: "is not UTF-8") }
        return try check(text)
    }

    /// The contents of a file: one line, with or without its end.
    static func check(file bytes: Data) throws(Unusable) -> String {
        guard bytes.count <= longest else { throw Unusable(reason: "is longer than any secret") }
        let start = [UInt8](bytes.prefix(2))
        guard start != [0xFF, 0xFE], start != [0xFE, 0xFF] else {
            throw Unusable(reason: "is UTF-16; save it as UTF-8")
        }
        guard var text = String(validating: bytes, as: UTF8.self) else { throw Unusable(reason: "is not UTF-8") }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        if text.utf8.last == 0x0A { text.unicodeScalars.removeLast() }
        if text.utf8.last == 0x0D { text.unicodeScalars.removeLast() }
        return try check(text)
    }

    private static func check(_ text: String) throws(Unusable) -> String {
        guard text.contains(where: { !$0.isWhitespace }) else { throw Unusable(reason: "is empty") }
        guard !text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) else {
            throw Unusable(reason: "has more than one line")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }) else {
            throw Unusable(reason: "holds a control character")
        }
        return text
    }
}
