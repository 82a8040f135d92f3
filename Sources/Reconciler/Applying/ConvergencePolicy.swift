/// How long to wait for what, and how often to try.
public struct ConvergencePolicy: Hashable, Sendable {
    /// How long a callback is awaited before the device is looked up. The carrier sends a message four times
    /// within 15 minutes (`thingspace.md`, section 5.3); how long the work itself may take is documented nowhere.
    public var callbackDeadline: Duration
    /// How long after a warning the second callback is awaited before an `enable` is asked for.
    public var enableAfter: Duration
    /// The wait before the second attempt; it doubles with each further one.
    public var retryDelay: Duration
    /// How many attempts in a row there are before a device counts as failed.
    public var maximumAttempts: Int

    /// Records of the carrier's that were read longer ago permit no download (DESIGN.md, "Evidence").
    public var verifyAfter: Duration

    /// How far the carrier's records may be behind its cards: records that say "not there" so soon after something that
    /// suggests the opposite settle nothing.
    public var recordsLag: Duration

    /// The share, in per cent, of the devices of an account, and of all of a run, that may change at once, whatever the
    /// profile sets allow.
    public var maxChange: Double

    /// As much as a profile set allows that does not say otherwise.
    public static let usualMaxChange = 30.0

    /// The most requests for one device within an hour, whatever else is configured: the carrier asks for at
    /// most four automated network accesses (`thingspace.md`, section 6.3).
    public static let maximumAttemptsPerHour = 4

    public init(
        callbackDeadline: Duration = .seconds(30 * 60), enableAfter: Duration = .seconds(30 * 60),
        retryDelay: Duration = .seconds(60), maximumAttempts: Int = 4, verifyAfter: Duration = .seconds(24 * 3600),
        recordsLag: Duration = .seconds(60), maxChange: Double = Self.usualMaxChange
    ) {
        self.maxChange = maxChange
        self.recordsLag = recordsLag
        self.verifyAfter = verifyAfter
        self.callbackDeadline = callbackDeadline
        self.enableAfter = enableAfter
        self.retryDelay = retryDelay
        self.maximumAttempts = maximumAttempts
    }

    /// When an operation that failed in its `attempt`th try may be tried again; `nil` if it may not.
    func retryTime(after failure: OperationFailure, attempt: Int, at now: Timestamp) -> Timestamp? {
        guard failure.remedy == .retry, attempt < maximumAttempts else { return nil }
        return now + retryDelay * (1 << min(attempt - 1, 10))
    }
}
