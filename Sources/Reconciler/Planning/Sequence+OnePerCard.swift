extension Sequence<PlannedAction> {
    /// At most one action for each eUICC, those that switch a profile off first: whether two may be under way at
    /// once is documented nowhere (`thingspace.md`, section 9), and switching off must come before switching on.
    var onePerCard: [PlannedAction] {
        var chosen: [EID: Int] = [:]
        var result: [PlannedAction] = []
        for action in self {
            if let index = chosen[action.key.eid] {
                if action.action == .disable, result[index].action != .disable { result[index] = action }
            } else {
                chosen[action.key.eid] = result.count
                result.append(action)
            }
        }
        return result
    }
}
