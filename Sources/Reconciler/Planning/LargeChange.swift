/// More devices would change at once than a limit allows.
public struct LargeChange: Hashable, Sendable {
    /// What the limit is for.
    public enum Scope: Hashable, Sendable {
        /// One profile set, by its `rollout.maxChange`.
        case profileSet
        /// All sets of fewer than `smallestSet` devices together, by the `rollout.maxChange` that they share.
        case smallSets
        /// All devices of an account that the run is about, by `convergence.maxChange`.
        case account(AccountName)
        /// All devices that the run is about, by `convergence.maxChange`.
        case run
    }

    public let scope: Scope
    /// The sets whose changes are held for it, in the order of the fleet.
    public let profileSets: [String]
    /// How many devices, whose profile is known to be there, would change.
    public let changes: Int
    /// How many devices have a profile that is known to be there.
    public let present: Int
    /// The limit in per cent.
    public let limit: Double

    /// A share of fewer devices than this says nothing: sets that are smaller are judged together.
    static let smallestSet = 10
}

extension LargeChange {
    /// The change of one profile set.
    init(profileSet: String, changes: Int, present: Int, limit: Double) {
        self.init(scope: .profileSet, profileSets: [profileSet], changes: changes, present: present, limit: limit)
    }

    /// Whether nothing is sent for a profile set before a person allows the change.
    func holds(_ profileSet: String) -> Bool { profileSets.contains(profileSet) }
}

extension LargeChange: CustomStringConvertible {
    public var description: String {
        let share = Double(changes) * 100 / Double(max(present, 1))
        return "\(subject): \(changes) of the \(present) devices whose profile is known to be there would change "
            + "(\(Int(outside: share.rounded(), in: 0...Int.max) ?? 0) %), and \(limitName) is \(Self.plain(limit)) %. "
            + "Look at the plan again; if it is meant, use `profilectl apply --allow-large-change`."
    }

    private var subject: String {
        switch scope {
        case .profileSet: "Profile set \(sets)"
        case .smallSets:
            "Profile sets of fewer than \(Self.smallestSet) devices, which are judged together (\(sets) would change)"
        case .account(let account): "Account \(account) (profile sets \(sets))"
        case .run: "All devices together (profile sets \(sets))"
        }
    }

    private var limitName: String {
        switch scope {
        case .profileSet: "its maxChange"
        case .smallSets: "their maxChange"
        case .account, .run: "the setting convergence.maxChange"
        }
    }

    private static let setsShown = 5

    private var sets: String {
        let shown = profileSets.prefix(Self.setsShown).joined(separator: ", ")
        let rest = profileSets.count - Self.setsShown
        return rest > 0 ? "\(shown) and \(rest) more" : shown
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }
}
