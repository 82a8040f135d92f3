/// Devices that the carrier was asked about and has not answered: each of them waits for a later lookup, and nothing else
/// waits with it.
public struct UnansweredLookups: Hashable, Sendable {
    private struct Wait: Hashable, Sendable {
        let account: AccountName
        let until: Timestamp
    }

    private var waits: [DeviceKey: Wait] = [:]
    /// Why the devices of each account wait, as sentences.
    private(set) var reasons: [AccountName: String] = [:]

    public init() {}

    mutating func add(_ key: DeviceKey, of account: AccountName, until: Timestamp, because reason: String) {
        waits[key] = Wait(account: account, until: until)
        reasons[account] = reason
    }

    func isWaiting(_ key: DeviceKey, at now: Timestamp) -> Bool { waits[key].map { $0.until > now } ?? false }

    /// When the first of them is due again.
    func nextDue(after now: Timestamp) -> Timestamp? { waits.values.lazy.map(\.until).filter { $0 > now }.min() }

    /// When each device is due again.
    var dues: [DeviceKey: Timestamp] { waits.mapValues(\.until) }

    /// What is so after a run: what it has left unanswered, and what it did not ask about because it was not due.
    func followed(by later: UnansweredLookups, at now: Timestamp) -> UnansweredLookups {
        var both = UnansweredLookups()
        both.waits = waits.filter { $0.value.until > now }.merging(later.waits) { $1 }
        let accounts = Set(both.waits.values.lazy.map(\.account))
        both.reasons = reasons.merging(later.reasons) { $1 }.filter { accounts.contains($0.key) }
        return both
    }
}
