import Foundation

/// What stands in the way of reading a repository.
public struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as far as a caller can act on it.
    public enum Reason: Hashable, Sendable {
        case cannotRun
        /// Git ended with an error.
        case refused
        case tookTooLong
        /// Nobody waited for it any more.
        case unwanted
        case noRepository
        case noRevision
        case notInRevision
        case unreadable
    }

    public let reason: Reason
    /// What happened, and what to do.
    public let description: String
    /// Git's own words.
    let words: String?

    init(_ reason: Reason, _ sentence: String, words: String?) {
        self.reason = reason
        self.words = words
        description = sentence + (words.map { " (git says: \($0))" } ?? "") + "."
    }
}

/// What git prints beside its output, fit to be shown.
enum GitWords {
    /// The first lines; programs that git starts speak before it does.
    static func read(_ file: UnsafeMutablePointer<FILE>, hiding secrets: [String]) -> String? {
        rewind(file)
        var buffer = [UInt8](repeating: 0, count: 4000)
        let count = fread(&buffer, 1, buffer.count, file)
        return shown(String(decoding: buffer.prefix(count), as: UTF8.self), hiding: secrets)
    }

    static func shown(_ text: String, hiding secrets: [String]) -> String? {
        var text = text
        for secret in secrets.sorted(by: { $0.count > $1.count }) { text = text.replacing(secret, with: "***") }
        // In any address: git's settings may add a name or a password to one.
        text = text.replacing(#/:\/\/[^\/\s]*@/#, with: "://***@")
        text = text.replacing(#/(:\/\/[^\s?'"]*\?)[^\s'"]+/#) { "\($0.1)***" }
        // The same failure is to be told in the same words.
        text = text.replacing(#/ after \d+ ms/#, with: "")
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let shown = firstLines(lines.filter { !$0.isEmpty && !$0.hasPrefix("hint:") }).joined(separator: "; ")
        return shown.isEmpty ? nil : shown.excerpt(limit: 500)
    }

    /// Two lines, and what a colon at the end of the last one announces: git's own advice stands there.
    private static func firstLines(_ lines: [String]) -> ArraySlice<String> {
        var count = min(2, lines.count)
        while count < min(lines.count, 6), count > 0, lines[count - 1].hasSuffix(":") { count += 1 }
        return lines.prefix(count)
    }

    /// Whether git could not start its own helpers, which is no fault of the repository.
    static func sayThatNothingStarts(_ text: String) -> Bool {
        text.contains(
            #/(unable|cannot|could not|failed) (to )?(fork|create (async )?thread)|fork\(\)|Resource temporarily unavailable/#
        )
    }
}
