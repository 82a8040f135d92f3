/// How a run goes about its work.
public struct ApplyOptions: Sendable {
    /// Whether devices are looked up before they are acted upon, or a person says that what the store knows is right.
    public enum Verification: String, CaseIterable, Sendable {
        case lookup
        case trust
    }

    /// What becomes of profile sets of which more would change than their `maxChange` allows.
    public enum LargeChangePolicy: Sendable {
        /// The run does not begin. What it finds later was let out with the rest.
        case refuse
        /// Nothing is sent for such a set, whenever that is found; the run goes on with the others.
        case hold
        /// A person wants it so.
        case allow
    }

    public var policy: ConvergencePolicy
    public var verification: Verification
    /// Evidence of before this time permits no download; `nil` for the beginning of the run. A process that reads the
    /// carrier's records itself gives its own beginning.
    public var evidenceSince: Timestamp?
    /// Whether devices that cannot be changed are looked up too: the obstacle may be gone. Who reads the carrier's records
    /// periodically learns of it then, and spares the carrier a call for each of them in each run.
    public var looksUpBlocked: Bool
    /// Which of the carrier's lists devices are looked up in.
    public var lists: ListChoice
    /// How long the answer to a device list is awaited.
    public var lookupTimeout: Duration
    /// Whether the run ends once everything is asked for.
    public var waitsForConvergence: Bool
    /// How long the run waits for convergence, from its start.
    public var timeout: Duration
    /// Whether devices whose attempts are used up are tried once more.
    public var retryFailed: Bool
    /// What becomes of profile sets of which more would change than their `maxChange` allows.
    public var largeChanges: LargeChangePolicy
    /// Whether drifted devices are left as they are where the policy of their profile set says so.
    public var heedsDriftPolicy: Bool
    /// Whether the run ends when all that is left waits for a maintenance window or for a person, because somebody
    /// sees to it that another one begins then.
    public var endsWhenIdle: Bool
    /// Accounts that are not called, and why not.
    public var stoppedAccounts: [AccountName: String]
    /// Devices that are not looked up yet, because the carrier has not answered about them before.
    public var unanswered = UnansweredLookups()
    /// Whether devices are changed outside the sets' maintenance windows too.
    public var ignoresWindows: Bool
    /// How many calls to the carrier may be under way at once.
    public var concurrentCalls: Int
    /// How often the state is looked at when nobody tells that it has changed: another process may be listening.
    public var pollInterval: Duration
    /// How long a carrier is left alone that is busy and does not say until when.
    public var backOff: BackOff
    public var chance: any Chance

    public init(
        policy: ConvergencePolicy = ConvergencePolicy(), verification: Verification = .lookup,
        lookupTimeout: Duration = .seconds(300), waitsForConvergence: Bool = true,
        timeout: Duration = .seconds(3600), retryFailed: Bool = false, largeChanges: LargeChangePolicy = .refuse,
        ignoresWindows: Bool = false, concurrentCalls: Int = 4, pollInterval: Duration = .seconds(1),
        backOff: BackOff = BackOff(), chance: any Chance = SystemChance(), lists: ListChoice = ListChoice(),
        looksUpBlocked: Bool = true, heedsDriftPolicy: Bool = false, endsWhenIdle: Bool = false,
        stoppedAccounts: [AccountName: String] = [:], evidenceSince: Timestamp? = nil
    ) {
        self.evidenceSince = evidenceSince
        self.policy = policy
        self.verification = verification
        self.lookupTimeout = lookupTimeout
        self.waitsForConvergence = waitsForConvergence
        self.timeout = timeout
        self.retryFailed = retryFailed
        self.largeChanges = largeChanges
        self.ignoresWindows = ignoresWindows
        self.concurrentCalls = concurrentCalls
        self.pollInterval = pollInterval
        self.backOff = backOff
        self.chance = chance
        self.lists = lists
        self.looksUpBlocked = looksUpBlocked
        self.heedsDriftPolicy = heedsDriftPolicy
        self.endsWhenIdle = endsWhenIdle
        self.stoppedAccounts = stoppedAccounts
    }
}
