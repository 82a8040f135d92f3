/// The ordered actions that take the known state to the desired one, and what stands in the way of the rest.
public struct Plan: Sendable {
    public let createdAt: Timestamp
    /// In the order of the keys.
    public internal(set) var actions: PlannedActions
    /// In the order of the keys.
    public internal(set) var exceptions: ContiguousArray<PlanException> = []
    /// Devices that the store knows and the YAML does not name. They are never touched.
    public internal(set) var unmanaged: ContiguousArray<DeviceKey> = []
    /// How many devices the YAML names.
    public internal(set) var desiredCount: Int
    /// How many of them are as desired.
    public internal(set) var convergedCount = 0
    /// How far the roll-out of each profile set has come, in the order of the fleet's sets.
    var rollouts: [RolloutTally]
    /// Profile sets that would change more than they allow.
    public internal(set) var largeChanges: [LargeChange] = []
    /// eUICCs that have an operation under way, whoever has asked for it.
    var busyCards: Set<EID> = []
    /// Devices, by their numbers in the fleet, that have moved since the saved plan was made that limits this one.
    var moved: [Int] = []

    /// A plan in which nothing is to be done as yet.
    init(createdAt: Timestamp, desired: DesiredFleet) {
        self.createdAt = createdAt
        desiredCount = desired.devices.count
        actions = PlannedActions(fleet: desired)
        rollouts = Array(repeating: RolloutTally(), count: desired.sets.count)
    }

    /// Whether there is neither an action nor anything that waits for one.
    public var isConverged: Bool { actions.isEmpty && exceptions.isEmpty }

    /// How many devices are left out, by reason (`PlanException.Reason.name`).
    public var exceptionCounts: [String: Int] {
        exceptions.reduce(into: [:]) { $0[$1.reason.name, default: 0] += 1 }
    }

    /// The same, those that need a person first.
    public var exceptionReasons: [(name: String, count: Int)] {
        exceptionCounts.map { (name: $0.key, count: $0.value) }
            .sorted { PlanException.Reason.urgency($0.name) < PlanException.Reason.urgency($1.name) }
    }
}
