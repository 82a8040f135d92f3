/// What is to be read anew.
public struct RefreshScope: Sendable {
    /// The accounts, in the order of their names.
    public let accounts: [AccountName]
    /// The fleet as it is declared, where there are manifests.
    let desired: DesiredFleet?
    /// Whether only the declared devices are asked for, and not all that the accounts have.
    let isLimitedToDeclared: Bool

    /// Whole accounts, without manifests.
    public init(accounts: some Sequence<AccountName>) {
        self.accounts = Set(accounts).sorted()
        desired = nil
        isLimitedToDeclared = false
    }

    /// The accounts of a fleet.
    ///
    /// - Parameters:
    ///   - only: these of them, if any are named.
    ///   - isLimitedToDeclared: whether only the declared devices are asked for, 50 in a request.
    public init(_ desired: DesiredFleet, only: [AccountName] = [], isLimitedToDeclared: Bool = false) {
        accounts = (only.isEmpty ? Set(desired.accounts) : Set(only)).sorted()
        self.desired = desired
        self.isLimitedToDeclared = isLimitedToDeclared
    }

    /// Requests a second of each account.
    ///
    /// - Parameter rate: of those for which no manifest sets one.
    func requestRates(elsewhere rate: Double) -> [AccountName: Double] {
        let declared = desired?.requestRates() ?? [:]
        return accounts.reduce(into: [:]) { $0[$1] = declared[$1] ?? rate }
    }

    /// The declared devices of each account.
    func declared() -> [AccountName: [DesiredDevice]] {
        guard let desired else { return [:] }
        let byAccount = Dictionary(grouping: desired.devices, by: \.account)
        return byAccount.reduce(into: [:]) { $0[desired.accounts[Int($1.key)]] = $1.value }
    }
}
