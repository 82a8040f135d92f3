import Reconciler

/// What a change of the manifests means for the devices, as text.
struct FleetDifferenceText {
    let comparison: RevisionComparison
    let style: Style
    /// How many devices are listed of each kind, at most.
    let limit: Int

    /// - Parameter line: given the text line by line.
    func write(to line: (DisplayText) throws -> Void) rethrows {
        let difference = comparison.difference
        try line(style.dim("From \(Self.name(comparison.before)) to \(Self.name(comparison.after))."))
        guard !difference.isEmpty else {
            return try line(
                style.green("No difference.") + " \(counted(difference.unchangedCount, "device")) declared alike.")
        }
        for set in difference.profileSets { try line(text(of: set)) }
        try write(difference.added, difference.count(.added), to: line) { device in
            "\(style.green("+")) \(device.key)  \(Self.values(device.changes, \.after))"
        }
        try write(difference.removed, difference.count(.removed), to: line) { device in
            "\(style.red("-")) \(device.key)  unmanaged from now on: shown, never touched"
        }
        try write(difference.changed, difference.count(.changed), to: line) { device in
            "\(style.yellow("~")) \(device.key)  \(Self.text(of: device.changes))"
        }
        try line(style.bold("Difference: ") + summary)
    }

    private func write<Devices: RandomAccessCollection>(
        _ devices: Devices, _ count: Int, to line: (DisplayText) throws -> Void, text: (Devices.Element) -> DisplayText
    ) rethrows {
        for device in devices.prefix(limit) { try line("  " + text(device)) }
        if count > limit { try line(style.dim("    ... and \(count - limit) more (--all lists them)")) }
    }

    private static func name(_ side: RevisionComparison.Side) -> DisplayText {
        switch side {
        case .workTree: "the files as they are"
        case .revision(let name, let commit): "\(name) (\(commit.prefix(12)))"
        }
    }

    private static func values(
        _ changes: [FleetDifference.Change], _ value: KeyPath<FleetDifference.Change, String?>
    ) -> DisplayText {
        changes.compactMap { change -> DisplayText? in
            guard let value = change[keyPath: value] else { return nil }
            return "\(change.field) \(value)"
        }.joined(separator: ", ")
    }

    private static func text(of changes: [FleetDifference.Change]) -> DisplayText {
        changes.map { change -> DisplayText in
            "\(change.field) \(change.before ?? "none") -> \(change.after ?? "none")"
        }.joined(separator: ", ")
    }

    private func text(of set: FleetDifference.ProfileSetChange) -> DisplayText {
        switch set {
        case .added(let name): "Profile set \(name) is new."
        case .removed(let name): "Profile set \(name) is gone."
        case .changed(let name, let changes): "Profile set \(name) is rolled out otherwise: \(Self.text(of: changes))."
        }
    }

    private var summary: DisplayText {
        let difference = comparison.difference
        var parts = [
            (difference.count(.added), "added"), (difference.count(.removed), "removed"),
            (difference.count(.changed), "changed"), (difference.unchangedCount, "unchanged"),
        ].filter { $0.0 > 0 }.map { count, name -> DisplayText in "\(counted(count, "device")) \(name)" }
        if !difference.profileSets.isEmpty {
            parts.append("\(counted(difference.profileSets.count, "profile set")) changed")
        }
        return parts.joined(separator: ", ") + "."
    }
}
