import Foundation

/// How much of a document is read before it is refused, and in which portions.
public struct ManifestLimits: Hashable, Sendable {
    /// Nested collections.
    public var depth = 64
    /// The size of one file or stream, in bytes.
    public var size = 1 << 30
    /// Nodes that aliases may stand for without there being many nodes in the document itself.
    public var aliasedNodes = 100_000
    /// Nodes that aliases may stand for, for each node of the document.
    public var aliasedNodesPerNode = 64
    /// The values of one entry of a list, or of one member of a document, with keys and ends.
    public var nodeEvents = 1_000_000
    /// Complaints that are kept; further ones are counted.
    public var complaints = 1000
    /// The length of the parts in which a long list is read at the same time, in bytes.
    var partSize = 1 << 22
    /// How far libyaml reads on behind an entry that is not plain, in bytes: to begin again costs as much as some
    /// twenty entries.
    var libyamlStretch = 1 << 15
    /// How many parts are read ahead of the one that is awaited.
    var partsReadAhead = 2 * ProcessInfo.processInfo.activeProcessorCount

    public init() {}
}
