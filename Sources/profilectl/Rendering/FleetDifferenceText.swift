import Reconciler

/// What a change of the manifests means for the devices, as text.
struct FleetDifferenceText {
    let comparison: RevisionComparison
    let style: Style
    /// How many devices are listed of each kind, at most.
    let limit: Int

    /// - Parameter line: given the text line by line.
    func write(to line: (String) throws -> Void) rethrows {
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
        _ devices: Devices, _ count: Int, to line: (String) throws -> Void, text: (Devices.Element) -> String
    ) rethrows {
        for device in devices.prefix(limit) { try line("  " + text(device)) }
        if count > limit { try line(style.dim("    ... and \(count - limit) more (--all lists them)")) }
    }

    private static func name(_ side: RevisionComparison.Side) -> String {
        switch side {
        case .workTree: "the files as they are"
        case .revision(let name, let commit): "\(name.visible) (\(commit.prefix(12)))"
        }
    }

    private static func values(
        _ changes: [FleetDifference.Change], _ value: KeyPath<FleetDifference.Change, String?>
    ) -> String {
        changes.compactMap { change in change[keyPath: value].map { "\(change.field) \($0)".visible } }
            .joined(separator: ", ")
    }

    private static func text(of changes: [FleetDifference.Change]) -> String {
        changes.map { "\($0.field) \($0.before ?? "none") -> \($0.after ?? "none")".visible }.joined(separator: ", ")
    }

    private func text(of set: FleetDifference.ProfileSetChange) -> String {
        switch set {
        case .added(let name): "Profile set \(name) is new."
        case .removed(let name): "Profile set \(name) is gone."
        case .changed(let name, let changes): "Profile set \(name) is rolled out otherwise: \(Self.text(of: changes))."
        }
    }

    private var summary: String {
        let difference = comparison.difference
        var parts = [
            (difference.count(.added), "added"), (difference.count(.removed), "removed"),
            (difference.count(.changed), "changed"), (difference.unchangedCount, "unchanged"),
        ].filter { $0.0 > 0 }.map { "\(counted($0.0, "device")) \($0.1)" }
        if !difference.profileSets.isEmpty {
            parts.append("\(counted(difference.profileSets.count, "profile set")) changed")
        }
        return parts.joined(separator: ", ") + "."
    }
}
