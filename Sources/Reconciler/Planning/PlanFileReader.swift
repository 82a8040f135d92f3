import Crypto
import Foundation

extension PlanFile {
    /// Reads a plan, and checks that it is whole and as it was written.
    ///
    /// - Throws: `PlanFileError`: it cannot be read, is no plan, was edited or cut short, or is of another version.
    public static func read(_ path: String) throws(PlanFileError) -> SavedPlan {
        let text: ManifestText
        do {
            text = try ManifestText(file: path)
        } catch {
            throw PlanFileError(path: path, "cannot be read. Is it there, and a file?")
        }
        return try read(text, path: path)
    }

    /// - Parameter path: what the text is called in errors.
    static func read(_ text: ManifestText, path: String) throws(PlanFileError) -> SavedPlan {
        var reader = PlanFileReader(path: path, text: text)
        return try reader.read()
    }
}

/// Reads a plan line by line.
private struct PlanFileReader {
    let path: String
    let text: ManifestText
    private var checksum = SHA256()
    private var piece: [UInt8] = []
    private var position = 0
    private var offset = 0
    private var lineNumber = 0

    private static let pieceSize = 1 << 18

    init(path: String, text: ManifestText) {
        self.path = path
        self.text = text
    }

    private func refusal(_ reason: String) -> PlanFileError {
        PlanFileError(path: path, "\(reason) (line \(lineNumber)). Make the plan anew with `profilectl plan --out`.")
    }

    mutating func read() throws(PlanFileError) -> SavedPlan {
        guard let first = nextLine(), let header = try? JSONValue(json: first),
            header["format"]?.text == PlanFile.format, let version = header["formatVersion"]?.text.flatMap({ Int($0) })
        else { throw refusal("is no plan") }
        guard version == PlanFile.formatVersion else {
            throw PlanFileError(
                path: path,
                "was written by profilectl \((header["toolVersion"]?.text ?? "?").excerpt(limit: 40)) in form "
                    + "\(version); this one knows form \(PlanFile.formatVersion) only. Use that version, or make the plan "
                    + "anew with `profilectl plan --out`.")
        }
        take(first)
        guard var builder = SavedPlanBuilder(header: header) else { throw damaged() }
        while let line = nextLine() {
            guard let entry = try? JSONValue(json: line), entry.isObject else { throw damaged() }
            if let expected = entry["checksum"]?.text {
                let found = ContentDigest(checksum.finalize())
                guard found.description == expected, isAtEnd else { throw damaged() }
                return builder.savedPlan(checksum: found)
            }
            guard builder.add(entry) else { throw damaged() }
            take(line)
        }
        throw damaged()
    }

    private func damaged() -> PlanFileError {
        refusal("was edited or cut short after it was made: its checksum does not fit")
    }

    private mutating func take(_ line: [UInt8]) {
        checksum.update(data: line)
        checksum.update(data: [0x0A])
    }

    /// A longer line is none of a plan's.
    private static let longestLine = 64 << 20

    /// The next line without its end; `nil` where there is none, or none that ends.
    private mutating func nextLine() -> [UInt8]? {
        lineNumber += 1
        var searched = position
        while true {
            if let end = piece[searched...].firstIndex(of: 0x0A) {
                defer { position = end + 1 }
                return Array(piece[position..<end])
            }
            let more = text.bytes(at: offset, count: Self.pieceSize)
            guard !more.isEmpty, piece.count - position < Self.longestLine else { return nil }
            offset += more.count
            piece.removeFirst(position)
            searched = piece.count
            piece += more
            position = 0
        }
    }

    /// Whether nothing is left, not even a line that does not end.
    private var isAtEnd: Bool { position == piece.count && offset >= text.size }
}
