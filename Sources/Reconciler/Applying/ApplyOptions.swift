/// How a run goes about its work.
public struct ApplyOptions: Sendable {
    /// Whether devices that were never seen are looked up before they are acted upon.
    public enum Verification: String, CaseIterable, Sendable {
        case lookup
        case trust
    }

    public var policy: ConvergencePolicy
    public var verification: Verification
    /// How long the answer to a device list is awaited.
    public var lookupTimeout: Duration
    /// Whether the run ends once everything is asked for.
    public var waitsForConvergence: Bool
    /// How long the run waits for convergence, from its start.
    public var timeout: Duration
    /// Whether devices whose attempts are used up are tried once more.
    public var retryFailed: Bool
    /// Whether more may change than the sets' `maxChange` allows.
    public var allowsLargeChange: Bool
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
        timeout: Duration = .seconds(3600), retryFailed: Bool = false, allowsLargeChange: Bool = false,
        ignoresWindows: Bool = false, concurrentCalls: Int = 4, pollInterval: Duration = .seconds(1),
        backOff: BackOff = BackOff(), chance: any Chance = SystemChance()
    ) {
        self.policy = policy
        self.verification = verification
        self.lookupTimeout = lookupTimeout
        self.waitsForConvergence = waitsForConvergence
        self.timeout = timeout
        self.retryFailed = retryFailed
        self.allowsLargeChange = allowsLargeChange
        self.ignoresWindows = ignoresWindows
        self.concurrentCalls = concurrentCalls
        self.pollInterval = pollInterval
        self.backOff = backOff
        self.chance = chance
    }
}
