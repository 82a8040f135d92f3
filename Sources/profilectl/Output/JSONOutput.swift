import Foundation
import Reconciler

/// Prints a value as JSON on stdout.
/// - Throws: `OutputFailed`
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes = VisibleJSON.bytes(Array(try encoder.encode(value)))
    try StandardOutput.write { output in
        try output.bytes(bytes)
        try output.bytes([0x0A])
    }
}
