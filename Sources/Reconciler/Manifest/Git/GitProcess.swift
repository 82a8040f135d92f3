import Foundation

/// Runs `git` as a process of its own.
enum GitProcess {
    struct Result {
        let output: Data

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// Runs git to its end, and waits for that.
    ///
    /// - Parameter folder: where it runs.
    /// - Throws: `GitError` if it cannot be run or ends with an error.
    static func run(_ arguments: [String], in folder: String) throws(GitError) -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var environment = ProcessInfo.processInfo.environment
        // Its words are shown as they are; it neither asks a person nor takes locks.
        environment["LC_ALL"] = "C"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        process.environment = environment
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        // A file: a pipe that nobody empties would stop git.
        guard let words = tmpfile() else { throw GitError(.cannotRun, "No temporary file can be made", words: nil) }
        defer { fclose(words) }
        process.standardError = FileHandle(fileDescriptor: fileno(words), closeOnDealloc: false)
        let data: Data
        do {
            try process.run()
            data = try output.fileHandleForReading.readToEnd() ?? Data()
        } catch {
            throw GitError(.cannotRun, "`git` cannot be run: \(error.localizedDescription)", words: nil)
        }
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let text = firstLine(of: words)
            // `env` finds no git.
            if process.terminationStatus == 127 { throw GitError(.cannotRun, "`git` is not installed", words: nil) }
            throw GitError(.refused, "git \(arguments.first ?? "") failed", words: text)
        }
        return Result(output: data)
    }

    private static func firstLine(of file: UnsafeMutablePointer<FILE>) -> String? {
        rewind(file)
        var buffer = [CChar](repeating: 0, count: 1000)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return line.isEmpty ? nil : line.excerpt(limit: 200)
    }
}

/// What stands in the way of reading a repository.
public struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as far as a caller can act on it.
    public enum Reason: Hashable, Sendable {
        case cannotRun
        /// Git ended with an error.
        case refused
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
