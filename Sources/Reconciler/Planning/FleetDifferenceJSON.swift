/// Writes the difference of two fleets as JSON: what `plan --against REF --format json` prints. A line for each device.
public struct FleetDifferenceJSON: Sendable {
    /// The version of this form; it rises when a reader would misunderstand a newer one.
    public static let formatVersion = 1
    private static let pieceSize = 1 << 16

    private let comparison: RevisionComparison

    /// - Parameter comparison: what is written.
    public init(_ comparison: RevisionComparison) {
        self.comparison = comparison
    }

    /// - Parameter write: given the text in pieces.
    /// - Throws: what `write` throws.
    public func write<Failure: Error>(to write: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
        let difference = comparison.difference
        var json = JSONWriter()
        func flush(_ json: inout JSONWriter, above size: Int = Self.pieceSize) throws(Failure) {
            guard json.bytes.count > size else { return }
            try write(json.bytes)
            json.removeAll()
        }
        func list(
            _ name: StaticString, _ devices: some Sequence<FleetDifference.ChangedDevice>, to json: inout JSONWriter
        ) throws(Failure) {
            json.newLine()
            json.begin("[", name)
            for device in devices {
                json.newLine()
                json.object { json in
                    json.members(of: device.key)
                    json.changes(device.changes)
                }
                try flush(&json)
            }
            json.end("]")
        }
        json.begin("{")
        json.member("formatVersion", Self.formatVersion)
        json.side("before", comparison.before)
        json.side("after", comparison.after)
        json.newLine()
        json.object("summary") { json in
            json.member("added", difference.count(.added))
            json.member("removed", difference.count(.removed))
            json.member("changed", difference.count(.changed))
            json.member("unchanged", difference.unchangedCount)
            json.member("profileSets", difference.profileSets.count)
        }
        json.newLine()
        json.begin("[", "profileSets")
        for set in difference.profileSets {
            json.newLine()
            json.object { $0.members(of: set) }
        }
        json.end("]")
        try list("added", difference.added, to: &json)
        try list("removed", difference.removed, to: &json)
        try list("changed", difference.changed, to: &json)
        json.end("}")
        json.endDocument()
        try flush(&json, above: 0)
    }
}

extension JSONWriter {
    fileprivate mutating func side(_ name: StaticString, _ side: RevisionComparison.Side) {
        object(name) { json in
            switch side {
            case .workTree: json.member("workTree", true)
            case .revision(let name, let commit):
                json.member("revision", name)
                json.member("commit", commit)
            }
        }
    }

    fileprivate mutating func members(of set: FleetDifference.ProfileSetChange) {
        switch set {
        case .added(let name):
            member("name", name)
            member("change", "added")
        case .removed(let name):
            member("name", name)
            member("change", "removed")
        case .changed(let name, let changes):
            member("name", name)
            member("change", "rollout")
            self.changes(changes)
        }
    }

    fileprivate mutating func changes(_ changes: [FleetDifference.Change]) {
        begin("[", "changes")
        for change in changes {
            object { json in
                json.member("field", change.field)
                if let before = change.before { json.member("before", before) }
                if let after = change.after { json.member("after", after) }
            }
        }
        end("]")
    }
}
