/// A plan as it was saved: what was reviewed.
public struct SavedPlan: Sendable {
    /// Of the profilectl that has written it.
    public let toolVersion: String
    /// Names the plan: the same for copies of one file.
    public let checksum: ContentDigest
    /// Names the fleet that it was computed for: see `DesiredFleet.digest`.
    public let fleetDigest: ContentDigest
    /// What was shown when it was made. The device of an action has the action's own number.
    public let plan: Plan

    /// The devices that it acts upon, as they are to become, with the roll-out policies of their sets.
    public var fleet: DesiredFleet {
        var fleet = plan.actions.fleet
        guard fleet.devices.count > plan.actions.count else { return fleet }
        fleet.devices.removeSubrange(plan.actions.count...)
        let accounts = Set(fleet.devices.map(\.account))
        // Those of devices that are left out come last.
        fleet.accounts.removeSubrange((accounts.max().map { Int($0) + 1 } ?? 0)...)
        return fleet
    }
}
