/// The ordered actions that take the known state to the desired one, and what stands in the way of the rest.
public struct Plan: Sendable {
    public let createdAt: Timestamp
    /// In the order of the keys.
    public internal(set) var actions: ContiguousArray<PlannedAction> = []
    /// In the order of the keys.
    public internal(set) var exceptions: ContiguousArray<PlanException> = []
    /// Devices that the store knows and the YAML does not name. They are never touched.
    public internal(set) var unmanaged: ContiguousArray<DeviceKey> = []
    /// How many devices the YAML names.
    public internal(set) var desiredCount = 0
    /// How many of them are as desired.
    public internal(set) var convergedCount = 0
    /// Profile sets that would change more than they allow.
    public internal(set) var largeChanges: [LargeChange] = []

    public init(createdAt: Timestamp) {
        self.createdAt = createdAt
    }

    /// Whether there is neither an action nor anything that waits for one.
    public var isConverged: Bool { actions.isEmpty && exceptions.isEmpty }

    /// How many actions there are of each kind.
    public var actionCounts: [ProfileAction: Int] {
        actions.reduce(into: [:]) { $0[$1.action, default: 0] += 1 }
    }

    /// How many devices were never seen and have to be looked up first.
    public var unverifiedCount: Int { actions.count(where: \.isUnverified) }

    /// How many devices moved away from a desired state that they had reached.
    public var driftCount: Int { actions.count(where: \.isDrift) }

    /// How many devices are left out, by reason (`PlanException.Reason.name`).
    public var exceptionCounts: [String: Int] {
        exceptions.reduce(into: [:]) { $0[$1.reason.name, default: 0] += 1 }
    }
}

/// A profile set of which a larger share would change than its `rollout.maxChange` allows.
public struct LargeChange: Hashable, Sendable, CustomStringConvertible {
    public let profileSet: String
    /// How many devices, whose profile is known to be there, would change.
    public let changes: Int
    /// How many devices of the set have a profile that is known to be there.
    public let present: Int
    /// The limit in per cent.
    public let limit: Double

    public var description: String {
        let share = Double(changes) * 100 / Double(max(present, 1))
        return "Profile set \(profileSet): \(changes) of the \(present) devices whose profile is known to be there "
            + "would change (\(Int(share.rounded())) %), and its maxChange is \(Self.plain(limit)) %. "
            + "Look at the plan again; if it is meant, use --allow-large-change."
    }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }

    /// A set with fewer devices than this is too small for a share to say anything.
    static let smallestSet = 10
}
