/// The actions of a plan in numbers: by account, by kind, by label.
public struct PlanSummary: Sendable {
    struct Group: Hashable {
        let account: UInt16
        let action: ProfileAction
        let labels: UInt32
    }

    /// The actions of one account.
    public struct Account: Sendable {
        /// The account's name.
        public let name: AccountName
        /// How many devices each action is for.
        public fileprivate(set) var actions: [ProfileAction: Int] = [:]
        /// How many devices of each value of each label each action is for. A label with too many values to be of use
        /// (a serial number, say) is left out.
        public fileprivate(set) var labels: [String: [String: [ProfileAction: Int]]] = [:]
        fileprivate private(set) var uselessLabels: Set<String> = []

        fileprivate init(name: AccountName) { self.name = name }

        fileprivate mutating func count(
            _ label: String, _ value: String, _ action: ProfileAction, _ devices: Int
        ) {
            guard !uselessLabels.contains(label) else { return }
            labels[label, default: [:]][value, default: [:]][action, default: 0] += devices
            if labels[label, default: [:]].count > PlanSummary.valueLimit {
                labels[label] = nil
                uselessLabels.insert(label)
            }
        }

        /// How many actions there are.
        public var total: Int { actions.total }
    }

    /// Values that a label may have.
    static let valueLimit = 1000

    /// In the order of their names; only those with actions.
    public let accounts: [Account]
    /// How many devices each action is for.
    public let actions: [ProfileAction: Int]
    /// How many devices were never seen and have to be looked up first.
    public let unverified: Int
    /// How many of those were never seen.
    public let neverSeen: Int
    /// How many devices moved away from a desired state that they had reached.
    public let drift: Int

    init(_ groups: [Group: Int], unverified: Int, neverSeen: Int, drift: Int, fleet: DesiredFleet) {
        var accounts: [UInt16: Account] = [:]
        for (group, count) in groups {
            var account = accounts[group.account] ?? Account(name: fleet.accounts[Int(group.account)])
            account.actions[group.action, default: 0] += count
            for (key, value) in fleet.labels.labels(group.labels) {
                account.count(key, value, group.action, count)
            }
            accounts[group.account] = account
        }
        self.accounts = accounts.values.sorted { $0.name < $1.name }
        actions = groups.reduce(into: [:]) { $0[$1.key.action, default: 0] += $1.value }
        self.unverified = unverified
        self.neverSeen = neverSeen
        self.drift = drift
    }
}

extension PlanSummary {
    /// How many devices of each value of each label each action is for, over all accounts. A label that has too many
    /// values in one of them is left out.
    public var labels: [String: [String: [ProfileAction: Int]]] {
        var labels: [String: [String: [ProfileAction: Int]]] = [:]
        for account in accounts {
            labels.merge(account.labels) { $0.merging($1) { $0.merging($1, uniquingKeysWith: +) } }
        }
        for useless in Set(accounts.flatMap(\.uselessLabels)) { labels[useless] = nil }
        return labels
    }

    /// How many actions there are.
    public var total: Int { actions.total }
}

extension [ProfileAction: Int] {
    /// The same under the names of the actions.
    public var byName: [String: Int] {
        Dictionary<String, Int>(uniqueKeysWithValues: map { ($0.key.rawValue, $0.value) })
    }

    /// How many actions there are.
    public var total: Int { values.reduce(0, +) }

    /// "3 downloadEnable, 1 enable"
    public var phrase: String {
        ProfileAction.allCases.compactMap { action in self[action].map { "\($0.grouped) \(action.rawValue)" } }
            .joined(separator: ", ")
    }
}
