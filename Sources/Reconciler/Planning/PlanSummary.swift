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
        /// How many of the devices have each value of each label. A label with too many values to be of use (a serial
        /// number, say) is left out.
        public fileprivate(set) var labels: [String: [String: Int]] = [:]
        private var uselessLabels: Set<String> = []

        fileprivate init(name: AccountName) { self.name = name }

        fileprivate mutating func count(_ label: String, _ value: String, _ devices: Int) {
            guard !uselessLabels.contains(label) else { return }
            labels[label, default: [:]][value, default: 0] += devices
            if labels[label, default: [:]].count > PlanSummary.valueLimit {
                labels[label] = nil
                uselessLabels.insert(label)
            }
        }

        /// How many actions there are.
        public var total: Int { actions.values.reduce(0, +) }
    }

    /// Values that a label may have.
    static let valueLimit = 100

    /// In the order of their names.
    public let accounts: [Account]
    /// How many devices each action is for.
    public let actions: [ProfileAction: Int]
    /// How many devices were never seen and have to be looked up first.
    public let unverified: Int
    /// How many devices moved away from a desired state that they had reached.
    public let drift: Int

    init(_ groups: [Group: Int], unverified: Int, drift: Int, fleet: DesiredFleet) {
        var accounts: [UInt16: Account] = [:]
        for (group, count) in groups {
            var account = accounts[group.account] ?? Account(name: fleet.accounts[Int(group.account)])
            account.actions[group.action, default: 0] += count
            for (key, value) in fleet.labels.labels(group.labels) {
                account.count(key, value, count)
            }
            accounts[group.account] = account
        }
        self.accounts = accounts.values.sorted { $0.name < $1.name }
        actions = groups.reduce(into: [:]) { $0[$1.key.action, default: 0] += $1.value }
        self.unverified = unverified
        self.drift = drift
    }
}
