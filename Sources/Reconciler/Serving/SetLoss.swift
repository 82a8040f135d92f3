/// A profile set that is gone from the manifests, or has lost all or many of its devices.
struct SetLoss: Hashable, Sendable {
    let profileSet: String
    let before: Int
    /// `nil` if no manifest names the set any more.
    let now: Int?

    /// A small set changes by a large part with any device.
    private static let leastDevices = 10
    /// In per cent; as much as the usual `maxChange`.
    private static let largePart = 30

    /// - Returns: `nil` if little or nothing was lost.
    init?(_ profileSet: String, before: Int, now: Int?) {
        let lost = before - (now ?? 0)
        let isLarge = lost >= Self.leastDevices && lost * 100 >= before * Self.largePart
        guard before > 0, now ?? 0 == 0 || isLarge else { return nil }
        self.profileSet = profileSet
        self.before = before
        self.now = now
    }
}

extension SetLoss: CustomStringConvertible {
    var description: String {
        switch now {
        case nil: "\(profileSet) (\(counted(before, "device"))) is gone"
        case 0?: "\(profileSet) has none of its \(counted(before, "device")) any more"
        case let now?: "\(profileSet) fell from \(before) to \(counted(now, "device"))"
        }
    }
}

extension FleetInForce {
    /// Takes in what is in force from now on. What is lost stays in the record until it is accepted.
    mutating func take(_ counts: [String: Int]) -> [SetLoss] {
        var losses: [SetLoss] = []
        for (name, before) in sets {
            if let loss = SetLoss(name, before: before, now: counts[name]) {
                losses.append(loss)
            } else {
                sets[name] = counts[name].map { max($0, before) }
            }
        }
        for (name, count) in counts where sets[name] == nil { sets[name] = count }
        return losses.sorted { $0.profileSet < $1.profileSet }
    }

    /// People know of the losses.
    mutating func accept(_ losses: [SetLoss]) {
        for loss in losses { sets[loss.profileSet] = loss.now }
    }
}
