/// How far a refresh has come; also its final word.
public struct RefreshReport: Hashable, Sendable {
    /// How far one of the two lists has come.
    public enum List: Hashable, Sendable {
        /// It is switched off.
        case off
        /// How many devices (v1) or answers (v2) have come so far.
        case underWay(Int)
        /// How many devices it has named.
        case read(Int)
        /// It did not come in time.
        case late(String)
        /// The carrier does not give it, or gives one that cannot be used.
        case failed(String)
    }

    /// What became of one account.
    public struct Account: Hashable, Sendable {
        public let name: AccountName
        public var v1: List
        public var v2: List
        /// Devices that the lists have named.
        public var devices = 0
        /// Devices that were not known before.
        public var added = 0
        /// Devices whose profile is in another state than was known.
        public var changed = 0
        /// Devices whose state the lists contradict each other about, or do not tell.
        public var held = 0
        /// Those of them that are declared.
        public var heldDeclared = 0
        /// Devices that the account turned out not to have any more.
        public var gone = 0
        /// Lines without an eUICC.
        public var withoutEID = 0
        /// Rows that fit no device, or several.
        public var ambiguous = 0
        /// Rows that name other accounts, or this one in another spelling.
        public var ofOtherAccounts = 0
        /// The first few devices of which the lists say what cannot be used, and why; nothing is concluded of them.
        public var unclear: [String] = []
        public var unclearCount = 0
        /// Why it is not believed that devices are gone.
        public var disappearance: String?
        /// Whether what was read is written down.
        public var isWritten = false

        init(name: AccountName, lists: ListChoice) {
            self.name = name
            v1 = lists.v1 ? .underWay(0) : .off
            v2 = lists.v2 ? .underWay(0) : .off
        }

        /// What went wrong, as sentences.
        public var problems: [String] {
            listProblems + (disappearance.map { ["Account \(name): \($0)"] } ?? [])
        }

        /// What went wrong with its lists, as sentences.
        public var listProblems: [String] {
            [("v1", v1), ("v2", v2)].compactMap { name, list in
                list.problem.map { "Account \(self.name), \(name) device list: \($0)" }
            }
        }
    }

    public enum Ending: Hashable, Sendable {
        case running
        case done
        /// A person stopped it; only accounts that had been read by then were written down.
        case interrupted
    }

    /// How it has ended, in a few words.
    var endingName: String {
        switch ending {
        case .running: "running"
        case .done: isWhole ? Self.wholeEnding : Self.partialEnding
        case .interrupted: Self.stoppedEnding
        }
    }

    static let wholeEnding = "everything was read"
    static let partialEnding = "some lists are missing"
    static let stoppedEnding = "stopped"

    public var accounts: [Account]
    public var ending = Ending.running

    init(accounts: [Account]) {
        self.accounts = accounts
    }

    /// Whether every list that was asked for was read.
    public var isWhole: Bool { ending == .done && accounts.allSatisfy(\.problems.isEmpty) }
    /// Whether devices seem to be gone, which is not believed.
    public var hasDoubtedLists: Bool { accounts.contains { $0.disappearance != nil } }
    /// Whether a list that was asked for was not read.
    public var lacksLists: Bool { ending != .done || !accounts.allSatisfy(\.listProblems.isEmpty) }
    public var hasLateLists: Bool { accounts.contains { $0.v1.isLate || $0.v2.isLate } }
    /// Declared devices for which nothing can be planned, since nobody can tell how their profiles are.
    public var heldDeclared: Int { accounts.reduce(0) { $0 + $1.heldDeclared } }
}

extension RefreshReport.List {
    /// What went wrong, as a sentence.
    public var problem: String? {
        switch self {
        case .off, .underWay, .read: nil
        case .late(let reason), .failed(let reason): reason.capitalizedSentence
        }
    }

    var isLate: Bool {
        if case .late = self { return true }
        return false
    }

    var isRead: Bool {
        if case .read = self { return true }
        return false
    }

    /// Whether nothing is missing: it was read, or nobody wanted it.
    var isSettled: Bool { self == .off || isRead }
}
