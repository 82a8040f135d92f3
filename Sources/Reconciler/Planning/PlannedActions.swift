/// The actions of a plan, packed: each is made when it is asked for, from the desired fleet and a few bytes.
public struct PlannedActions: RandomAccessCollection, Sendable {
    private struct Row: Sendable {
        /// Into the devices of the fleet.
        let device: UInt32
        let action: ProfileAction
        let known: ProfileState?
        let attempt: UInt8
        let isDrift: Bool
        var isReleased: Bool
        /// The number of the run of the device's latest operation, 0 if there was none.
        let run: Int32
        let version: Int64
        let provenAtMilliseconds: Int64
        let isUnverified: Bool
    }

    /// What an action was computed from.
    struct Origin {
        let action: ProfileAction
        let attempt: Int
        let known: ProfileState?
        let version: Int64
        let run: Int32
    }

    /// What the actions lead to.
    let fleet: DesiredFleet
    private var rows: ContiguousArray<Row> = []

    init(fleet: DesiredFleet) {
        self.fleet = fleet
    }

    mutating func append(
        _ action: ProfileAction, on device: Int, known: ProfileState?, version: Int64, attempt: Int, isDrift: Bool,
        isReleased: Bool = false, run: Int32 = 0, provenAtMilliseconds: Int64 = 0, isUnverified: Bool? = nil
    ) {
        rows.append(
            Row(
                device: UInt32(clamping: device), action: action, known: known, attempt: UInt8(clamping: attempt),
                isDrift: isDrift, isReleased: isReleased, run: run, version: version,
                provenAtMilliseconds: provenAtMilliseconds, isUnverified: isUnverified ?? (known == nil)))
    }

    /// Positions count from 0.
    public var startIndex: Int { 0 }
    public var endIndex: Int { rows.count }

    /// The action at a position, put together anew each time.
    public subscript(position: Int) -> PlannedAction {
        let row = rows[position]
        let device = fleet.devices[Int(row.device)]
        return PlannedAction(
            key: device.key, imei: device.imei, action: row.action, account: fleet.accountName(of: device),
            smsr: fleet.smsrOid(of: device), desired: device.state, known: row.known, version: row.version,
            attempt: Int(row.attempt), isDrift: row.isDrift, set: device.set,
            provenAt: row.provenAtMilliseconds == 0 ? nil : Timestamp(milliseconds: row.provenAtMilliseconds),
            isUnverified: row.isUnverified)
    }

    /// The device of an action, as a number among those of the fleet, and as it is declared.
    func deviceIndex(at position: Int) -> Int { Int(rows[position].device) }
    func device(at position: Int) -> DesiredDevice { fleet.devices[Int(rows[position].device)] }

    func action(at position: Int) -> ProfileAction { rows[position].action }

    func origin(at position: Int) -> Origin {
        let row = rows[position]
        return Origin(
            action: row.action, attempt: Int(row.attempt), known: row.known, version: row.version, run: row.run)
    }

    /// Whether the device has moved away from what it had reached.
    func isDrift(at position: Int) -> Bool { rows[position].isDrift }

    /// Whether anything is known of the profile.
    func isKnown(at position: Int) -> Bool { rows[position].known != nil }

    /// Whether the device is looked up before it is acted upon.
    func isUnverified(at position: Int) -> Bool { rows[position].isUnverified }

    /// Whether the roll-out that is under way has let the device out before, so that this is a further step or try, or
    /// has switched another profile of its card off.
    func isReleased(at position: Int) -> Bool { rows[position].isReleased }

    /// The same actions, computed from records of other versions, 0 where there is none, and of no run's operations.
    func computed(from versions: [DeviceKey: Int64]) -> PlannedActions {
        var actions = self
        actions.rows = rows.reduce(into: []) { rows, row in
            let version = versions[fleet.devices[Int(row.device)].key] ?? 0
            rows.append(
                Row(
                    device: row.device, action: row.action, known: row.known, attempt: row.attempt,
                    isDrift: row.isDrift,
                    isReleased: row.isReleased, run: 0, version: version,
                    provenAtMilliseconds: row.provenAtMilliseconds, isUnverified: row.isUnverified))
        }
        return actions
    }

    /// Lets a device out that the roll-out has not let out, if there is an action for it.
    ///
    /// - Parameter device: the number of the device among those of the fleet.
    mutating func release(device: Int) {
        let number = UInt32(clamping: device)
        var range = rows.indices
        while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
            if rows[middle].device == number {
                rows[middle].isReleased = true
                return
            }
            range = rows[middle].device < number ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
    }

    /// The actions of each account and kind, by the labels of their devices, in numbers.
    public func summary() -> PlanSummary {
        var groups: [PlanSummary.Group: Int] = [:]
        var unverified = 0
        var neverSeen = 0
        var drift = 0
        var last: PlanSummary.Group?
        var run = 0
        // Neighbours are mostly alike: a run of them is counted at once.
        for row in rows {
            let device = fleet.devices[Int(row.device)]
            if row.isUnverified { unverified += 1 }
            if row.known == nil { neverSeen += 1 }
            if row.isDrift { drift += 1 }
            let group = PlanSummary.Group(account: device.account, action: row.action, labels: device.labels)
            if group == last {
                run += 1
                continue
            }
            if let last { groups[last, default: 0] += run }
            last = group
            run = 1
        }
        if let last { groups[last, default: 0] += run }
        return PlanSummary(groups, unverified: unverified, neverSeen: neverSeen, drift: drift, fleet: fleet)
    }
}
