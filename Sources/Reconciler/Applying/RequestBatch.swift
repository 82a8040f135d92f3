/// Actions that go into one request: of one account, one SM-SR and one kind.
public struct RequestBatch: Hashable, Sendable {
    public let account: AccountName
    public let smsr: SmsrOid
    public let action: ProfileAction
    public let actions: [PlannedAction]

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
