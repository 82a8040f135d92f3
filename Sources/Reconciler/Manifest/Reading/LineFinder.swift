/// Finds lines of a text by number, from front to back, without having the text in memory.
struct LineFinder {
    private let text: ManifestText
    private static let pieceSize = 1 << 18
    /// As much of a line as anybody wants to read.
    private static let lineLimit = 4096

    init(_ text: ManifestText) {
        self.text = text
    }

    /// The wanted lines, without their ends; the text is walked through once, to the last of them.
    func lines(_ numbers: Set<Int>) -> [Int: String] {
        var found: [Int: String] = [:]
        var current: [UInt8] = []
        var number = 1
        var offset = 0
        let last = numbers.max() ?? 0
        while number <= last {
            let piece = text.bytes(at: offset, count: Self.pieceSize)
            guard !piece.isEmpty else { break }
            offset += piece.count
            var rest = piece[...]
            while number <= last, let end = rest.firstIndex(of: 0x0A) {
                if numbers.contains(number) {
                    current += rest[..<end].prefix(Self.lineLimit - min(current.count, Self.lineLimit))
                    found[number] = Self.line(current)
                    current = []
                }
                rest = rest[(end + 1)...]
                number += 1
            }
            if numbers.contains(number) {
                current += rest.prefix(Self.lineLimit - min(current.count, Self.lineLimit))
            }
        }
        if numbers.contains(number), found[number] == nil { found[number] = Self.line(current) }
        return found
    }

    private static func line(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == 0x0D ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}
