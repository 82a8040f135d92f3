/// The values of one JSON text in the order in which they begin, as places in its bytes, so that reading makes no
/// object for each of them.
final class JSONTape: Sendable {
    struct Node: Sendable {
        enum Kind: UInt8, Sendable {
            case null
            case bool
            case number
            /// A text whose bytes are as they were written.
            case string
            /// A text that holds escapes.
            case escapedString
            case array
            /// Its nodes are name, value, name, value ...
            case object
        }

        var kind: Kind
        /// The bytes of the value; of a text those between the quotes.
        var start: UInt32
        var end: UInt32
        /// The number of the node behind this one and all that it holds.
        var next: Int32
    }

    let bytes: [UInt8]
    let nodes: ContiguousArray<Node>

    init(bytes: [UInt8], nodes: ContiguousArray<Node>) {
        self.bytes = bytes
        self.nodes = nodes
    }

    func withBytes<Result>(of node: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { all in
            let node = nodes[Int(node)]
            return body(UnsafeRawBufferPointer(rebasing: all[Int(node.start)..<Int(node.end)]))
        }
    }
}
