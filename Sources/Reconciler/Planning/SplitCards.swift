/// Cards of which a roll-out has switched one profile off so that another can be switched on: the other one is let out
/// whatever wave is under way, so that no card is left in between until its turn comes again.
struct SplitCards {
    /// Devices, as numbers among those of the fleet.
    private var switchedOff: Set<Int> = []
    private var toSwitchOn: [Int] = []

    /// Takes a note of a device of a set whose roll-out is under way.
    ///
    /// - Parameters:
    ///   - isReleased: whether the roll-out has let it out for its desired state.
    ///   - wasReleased: whether the roll-out has let it out for whatever state; then it is another change.
    mutating func note(
        _ number: Int, in fleet: DesiredFleet, isReleased: Bool, wasReleased: Bool, isToChange: Bool
    ) {
        switch fleet.devices[number].state {
        case .downloadedDisabled:
            if isReleased, fleet.hasNeighbour(number) { switchedOff.insert(number) }
        case .downloadedEnabled:
            if isToChange, !isReleased, !wasReleased, fleet.hasNeighbour(number) { toSwitchOn.append(number) }
        }
    }

    /// Lets out what is to be switched on; where that is not selected, the next wave waits for it all the same.
    func letOut(of plan: inout Plan) {
        guard !switchedOff.isEmpty else { return }
        for number in toSwitchOn where plan.actions.fleet.card(of: number).contains(where: switchedOff.contains) {
            plan.actions.release(device: number)
            plan.rollouts[Int(plan.actions.fleet.devices[number].set)].countUnfinished()
        }
    }
}

extension DesiredFleet {
    /// The devices of one eUICC in the profile set of a device, all as numbers among those of the fleet.
    func card(of number: Int) -> [Int] {
        let (eid, set) = (devices[number].key.eid, devices[number].set)
        var first = number
        while first > 0, devices[first - 1].key.eid == eid { first -= 1 }
        return (first..<devices.count).prefix { devices[$0].key.eid == eid }.filter { devices[$0].set == set }
    }

    /// Whether the eUICC of a device holds another one.
    func hasNeighbour(_ number: Int) -> Bool {
        let eid = devices[number].key.eid
        return number > 0 && devices[number - 1].key.eid == eid
            || number + 1 < devices.count && devices[number + 1].key.eid == eid
    }
}
