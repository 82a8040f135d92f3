/// Texts that are no manifest whatever their lines say, known by their first bytes.
struct TextForm {
    let found: String
    let expected: String
    let hint: String?

    private static let pointer = Array("version https://git-lfs.github.com/spec/".utf8)

    /// - Returns: `nil` for a text that can be read line by line.
    static func unreadable(_ text: ManifestText) -> TextForm? {
        let start = text.bytes(at: 0, count: 64)
        if start.starts(with: pointer) {
            return TextForm(
                found: "a pointer of Git LFS instead of the file that it stands for", expected: "the file itself",
                hint: "`git lfs pull` fetches it, where git lfs is installed")
        }
        let mark: String? =
            switch start.prefix(2) {
            case [0xFF, 0xFE]: start.dropFirst(2).prefix(2) == [0, 0] ? "UTF-32" : "UTF-16"
            case [0xFE, 0xFF]: "UTF-16"
            default: start.count >= 2 && (start[0] == 0) != (start[1] == 0) ? "UTF-16 without a byte-order mark" : nil
            }
        return mark.map {
            TextForm(found: "text in \($0)", expected: "UTF-8", hint: "save the file as UTF-8, a table as CSV UTF-8")
        }
    }
}

/// Bytes that are no UTF-8.
enum TextEncoding {
    /// The first byte that is no part of a character, by its offset.
    static func firstFault(in bytes: some RandomAccessCollection<UInt8>) -> Int? {
        var offset = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let length = length(of: bytes[index...])
            guard length > 0 else { return offset }
            offset += length
            index = bytes.index(index, offsetBy: length)
        }
        return nil
    }

    /// How many bytes the first character has; 0 if they are no character.
    private static func length(of bytes: some RandomAccessCollection<UInt8>) -> Int {
        guard let first = bytes.first else { return 0 }
        if first < 0x80 { return 1 }
        let (count, least): (Int, UInt32) =
            switch first {
            case 0xC2...0xDF: (2, 0x80)
            case 0xE0...0xEF: (3, 0x800)
            case 0xF0...0xF4: (4, 0x1_0000)
            default: (0, 0)
            }
        let all = bytes.prefix(count)
        guard count > 0, all.count == count else { return 0 }
        var value = UInt32(first) & (0x7F >> UInt32(count))
        for byte in all.dropFirst() {
            guard byte & 0xC0 == 0x80 else { return 0 }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        return value >= least && value <= 0x10_FFFF && !(0xD800...0xDFFF ~= value) ? count : 0
    }

    /// What was found, for a complaint: `the byte 0xF3, which is no UTF-8`.
    static func found(_ byte: UInt8) -> String {
        "the byte 0x\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16, uppercase: true)), which is no UTF-8"
    }
}

/// Lines that git leaves in a file whose merge nobody has finished.
enum MergeMarker {
    private static let starts = ["<<<<<<< ", ">>>>>>> ", "||||||| "].map { Array($0.utf8) }

    static func begins(_ line: some Collection<UInt8>) -> Bool {
        starts.contains { line.starts(with: $0) }
    }

    /// The number of the first line that is one, from 1.
    static func firstLine(in text: ManifestText) -> Int? {
        let pieceSize = 1 << 18
        var line = 1
        var offset = 0
        // The first bytes of the line at hand.
        var start: [UInt8] = []
        while true {
            let piece = text.bytes(at: offset, count: pieceSize)
            guard !piece.isEmpty else { return begins(start) ? line : nil }
            offset += piece.count
            var rest = piece[...]
            while let end = rest.firstIndex(of: 0x0A) {
                if start.count < 8 { start += rest[..<end].prefix(8) }
                if begins(start) { return line }
                line += 1
                start = []
                rest = rest[(end + 1)...]
            }
            if start.count < 8 { start += rest.prefix(8) }
        }
    }

    static func complaint(file: String, line: Int) -> Complaint {
        Complaint(
            .error, .syntax, at: SourcePlace(file: file, line: line, column: 1),
            found: "a marker of a merge conflict that is not resolved", expected: "one of the two versions",
            hint: "`git status` names the files that are still in conflict")
    }
}
