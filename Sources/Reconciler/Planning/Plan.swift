/// The ordered actions that take the known state to the desired one, and what stands in the way of the rest.
public struct Plan: Sendable {
    public let createdAt: Timestamp
    /// In the order of the keys.
    public internal(set) var actions: PlannedActions
    /// In the order of the keys.
    public internal(set) var exceptions: ContiguousArray<PlanException> = []
    /// Devices that have moved away from the desired state after it had been reached, in the order of the keys. Each of them is
    /// among the actions or the exceptions too.
    public internal(set) var drifts: ContiguousArray<Drift> = []
    /// Devices that the store knows and the YAML does not name. They are never touched.
    public internal(set) var unmanaged: ContiguousArray<DeviceKey> = []
    /// The part of the fleet that the plan is about; `nil` for all of it. A saved plan remembers it.
    public internal(set) var part: FleetPart?
    /// The devices of the fleet that the plan is about, by their numbers; `nil` for all of them.
    var selection: FleetSelection? { actions.fleet.selection }
    /// How many devices the YAML names, or how many of them are selected.
    public internal(set) var desiredCount: Int
    /// How many of them are as desired.
    public internal(set) var convergedCount = 0
    /// How far the roll-out of each profile set has come, in the order of the fleet's sets: whatever is selected, waves
    /// are shares of the whole set.
    var rollouts: [RolloutTally]
    /// The same of those devices alone that the plan is about, if it is not about all.
    var partialRollouts: [RolloutTally]?
    /// The same of those devices that the plan is about.
    var ownRollouts: [RolloutTally] { partialRollouts ?? rollouts }
    /// More changes at once than the limits of profile sets, of accounts or of the run allow.
    public internal(set) var largeChanges: [LargeChange] = []
    /// Devices that stay held for a profile set that named them before, by that set.
    public internal(set) var heldDevices: [HeldDevices] = []
    /// Whether each device of the fleet is among them; empty if none is.
    private var isHeld: ContiguousArray<Bool> = []
    /// How many of them are to change and are not released, by the set that names them now.
    private(set) var heldPending: [Int]
    /// Devices, by their numbers in the fleet, that are to change, that the roll-out has not let out, and that are not
    /// selected: waves that go by labels wait for them.
    var pendingElsewhere: [Int] = []
    /// eUICCs that have an operation under way, whoever has asked for it.
    var busyCards: Set<EID> = []
    /// What puts devices of the plan in doubt, those with an operation under way among them.
    var doubts: [DeviceKey: Hint] = [:]
    /// When the saved plan was made that limits this one; `nil` where none does.
    var reviewedAt: Timestamp?
    /// Devices, by their numbers in the fleet, that have moved since the saved plan was made that limits this one.
    var moved: [Int] = []

    /// A plan in which nothing is to be done as yet.
    init(createdAt: Timestamp, desired: DesiredFleet) {
        self.createdAt = createdAt
        part = desired.selection?.part
        desiredCount = desired.selection?.count ?? desired.devices.count
        actions = PlannedActions(fleet: desired)
        rollouts = Array(repeating: RolloutTally(), count: desired.sets.count)
        partialRollouts = desired.selection == nil ? nil : rollouts
        heldPending = Array(repeating: 0, count: desired.sets.count)
    }

    /// Has a device wait, by its number in the fleet, until a person lets go the set that named it before.
    ///
    /// - Parameter isPending: whether it is to change, and no rollout has released it.
    mutating func hold(_ device: Int, isPending: Bool) {
        if isHeld.isEmpty { isHeld = ContiguousArray(repeating: false, count: actions.fleet.devices.count) }
        isHeld[device] = true
        if isPending { heldPending[Int(actions.fleet.devices[device].set)] += 1 }
    }

    /// Whether the device of an action stays held for a profile set that named it before.
    func isHeld(at position: Int) -> Bool { !isHeld.isEmpty && isHeld[actions.deviceIndex(at: position)] }

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
