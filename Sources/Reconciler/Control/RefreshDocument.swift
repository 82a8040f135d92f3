/// What `refresh --format json` prints.
public struct RefreshDocument: Codable, Sendable {
    public struct List: Codable, Sendable {
        /// off, read, late, failed
        public let state: String
        /// How many devices it has named.
        public let rows: Int?
        public let problem: String?

        init(_ list: RefreshReport.List) {
            problem = list.problem
            switch list {
            case .off: (state, rows) = ("off", nil)
            case .underWay(let count): (state, rows) = ("not read", count)
            case .read(let count): (state, rows) = ("read", count)
            case .late: (state, rows) = ("late", nil)
            case .failed: (state, rows) = ("failed", nil)
            }
        }
    }

    public struct Account: Codable, Sendable {
        public let accountName: String
        public let v1: List
        public let v2: List
        public let devices: Int
        public let added: Int
        public let changed: Int
        public let held: Int
        public let gone: Int
        public let withoutEID: Int
        public let ambiguousRows: Int
        /// Rows that name other accounts, or this one in another spelling.
        public let rowsOfOtherAccounts: Int
        /// How many devices the lists name in a way of which nothing can be concluded.
        public let unclear: Int
        /// What went wrong, as sentences.
        public let problems: [String]
    }

    public let formatVersion: Int
    /// Whether every list that was asked for was read.
    public let complete: Bool
    public let interrupted: Bool
    public let accounts: [Account]

    public init(_ report: RefreshReport) {
        formatVersion = 1
        complete = report.isWhole
        interrupted = report.ending == .interrupted
        accounts = report.accounts.map { account in
            Account(
                accountName: account.name.description, v1: List(account.v1), v2: List(account.v2),
                devices: account.devices, added: account.added, changed: account.changed, held: account.held,
                gone: account.gone, withoutEID: account.withoutEID, ambiguousRows: account.ambiguous,
                rowsOfOtherAccounts: account.ofOtherAccounts, unclear: account.unclearCount,
                problems: account.problems)
        }
    }
}
