import Foundation

/// Writes results to stdout in large pieces. Whoever reads them may stop reading: that ends the program quietly,
/// as with other tools in a pipe.
struct StandardOutput {
    private var buffer: [UInt8] = []
    private static let pieceSize = 1 << 16

    /// Collects what `body` writes, and writes the rest at its end.
    /// - Throws: what `body` throws, `OutputFailed`
    static func write(_ body: (inout StandardOutput) throws -> Void) throws {
        var output = StandardOutput()
        try body(&output)
        try output.flush()
    }

    mutating func line(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        buffer.append(0x0A)
        if buffer.count >= Self.pieceSize { try flush() }
    }

    mutating func bytes(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.pieceSize { try flush() }
    }

    private mutating func flush() throws {
        // What was printed before comes first.
        fflush(nil)
        do {
            try FileHandle.standardOutput.write(contentsOf: buffer)
        } catch {
            throw OutputFailed()
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Nothing more can be written to stdout.
struct OutputFailed: Error, CustomStringConvertible {
    let description = "The output cannot be written. Is the disk full that it is sent to?"
}
