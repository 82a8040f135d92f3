/// What a run goes by.
public enum ApplyGoal: Sendable {
    /// The desired state of a fleet: whatever leads there may be done.
    case fleet(DesiredFleet)
    /// What was reviewed, and nothing else.
    case savedPlan(SavedPlan)

    /// What the devices are to become: of a saved plan only those that it acts upon.
    public var desired: DesiredFleet {
        switch self {
        case .fleet(let fleet): fleet
        case .savedPlan(let saved): saved.fleet
        }
    }

    /// The part of the fleet that it is about; `nil` for all of it.
    public var part: FleetPart? {
        switch self {
        case .fleet(let fleet): fleet.selection?.part
        case .savedPlan(let saved): saved.plan.part
        }
    }

    var savedPlan: SavedPlan? {
        if case .savedPlan(let saved) = self { return saved }
        return nil
    }

    /// Names the fleet that was declared.
    var fleetDigest: ContentDigest {
        switch self {
        case .fleet(let fleet): fleet.digest
        case .savedPlan(let saved): saved.fleetDigest
        }
    }
}
