import ArgumentParser
import Foundation
import Reconciler

/// Writes results to stdout in large pieces. It is the only writer of stdout: what cannot be written is an error, and the
/// exit code says so.
struct StandardOutput {
    private var buffer: [UInt8] = []
    private static let pieceSize = 1 << 16

    /// Collects what `body` writes, and writes the rest at its end.
    /// - Throws: what `body` throws, `OutputFailed`
    static func write(_ body: (inout StandardOutput) throws -> Void) throws {
        // What was said on stderr before comes first, unless nobody reads it.
        StandardError.drain(within: .seconds(1))
        var output = StandardOutput()
        try body(&output)
        try output.flush()
    }

    mutating func line(_ text: DisplayText) throws {
        try bytes(Array(text.description.utf8) + [0x0A])
    }

    mutating func bytes(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.pieceSize { try flush() }
    }

    private mutating func flush() throws {
        if let error = Descriptor.write(buffer, to: 1) { throw OutputFailed(errorNumber: error) }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Prints a line on stdout.
/// - Throws: `OutputFailed`
func printLine(_ text: DisplayText) throws {
    try StandardOutput.write { try $0.line(text) }
}

/// Prints lines on stdout.
/// - Throws: `OutputFailed`
func printLines(_ lines: [DisplayText]) throws {
    try StandardOutput.write { output in for line in lines { try output.line(line) } }
}

@available(*, unavailable, message: "Use printLine: it takes cleaned text only, and says when nothing can be written.")
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {}

/// Nothing more can be written to stdout.
struct OutputFailed: Error {
    let errorNumber: Int32

    /// What to say of it; nothing where those who read have stopped reading, as `head` does.
    var sentence: DisplayText? {
        switch errorNumber {
        case EPIPE: nil
        case ENOSPC: "The output cannot be written: the disk that it is sent to is full."
        default: "The output cannot be written: \(String(cString: strerror(errorNumber)))."
        }
    }

    /// That of a program that SIGPIPE ends, where those who read have stopped reading.
    var exitCode: ExitCode { ExitCode(errorNumber == EPIPE ? 128 + SIGPIPE : 1) }
}
