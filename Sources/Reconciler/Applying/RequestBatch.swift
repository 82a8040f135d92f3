/// Actions that go into one request: of one account, one SM-SR and one kind.
public struct RequestBatch: Hashable, Sendable {
    public let account: AccountName
    public let smsr: SmsrOid
    public let action: ProfileAction
    public let actions: [PlannedAction]

    /// Groups actions into batches, the order within a group kept.
    ///
    /// A batch holds no two profiles of one eUICC, because nobody has documented whether an eUICC can be asked for
    /// two things at once (`thingspace.md`, section 9).
    public static func batches(of actions: some Sequence<PlannedAction>, size: Int) -> [RequestBatch] {
        var order: [Group] = []
        var grouped: [Group: [PlannedAction]] = [:]
        for action in actions {
            let group = Group(account: action.account, smsr: action.smsr, action: action.action)
            if grouped[group] == nil { order.append(group) }
            grouped[group, default: []].append(action)
        }
        return order.flatMap { group in
            let members = grouped[group] ?? []
            return stride(from: 0, to: members.count, by: max(size, 1)).map { start in
                RequestBatch(
                    account: group.account, smsr: group.smsr, action: group.action,
                    actions: Array(members[start..<min(start + max(size, 1), members.count)]))
            }
        }
    }

    private struct Group: Hashable {
        let account: AccountName
        let smsr: SmsrOid
        let action: ProfileAction
    }

    /// The two halves, for a batch that was refused as a whole; `nil` for a single device.
    var halves: (RequestBatch, RequestBatch)? {
        guard actions.count > 1 else { return nil }
        let middle = actions.count / 2
        return (with(Array(actions[..<middle])), with(Array(actions[middle...])))
    }

    private func with(_ actions: [PlannedAction]) -> RequestBatch {
        RequestBatch(account: account, smsr: smsr, action: action, actions: actions)
    }
}
