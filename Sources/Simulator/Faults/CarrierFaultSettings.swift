/// How long, how often and how widely the named carriers behave badly. Times are in seconds.
public struct CarrierFaultSettings: Sendable {
    /// Devices that meet what the carrier does to single devices, as a share from 0 to 1.
    public var share = 1.0
    /// Attempts of one device that end as a named outcome says; later ones end well. It holds for what keeps a device
    /// from its state, not for what the carrier does always (`disable-refused`, `enabling-hangs`).
    public var attemptsPerDevice = 1
    /// How long after a reported failure the card carries the action out. A client that waits less before it looks the
    /// device up cannot know better.
    public var lateSuccess = 2.0
    /// How long after a success the card rolls back.
    public var rollback = 2.0
    /// How long after the success under the first request the message of the second one comes.
    public var secondOutcome = 0.2
    /// How long after the end of an action the lists say that the status is in transition.
    public var transition = 2.0
    /// The time after a registration within which old and other messages come.
    public var archive = 5.0
    /// Old messages about one device, at most.
    public var archivedMessagesPerDevice = 1
    /// How long the answer to an action waits for its own failure to be delivered, at most.
    public var answerHold = 2.0
    /// Attempts of one device whose failure comes before the answer.
    public var failuresBeforeAnswer = 2
    /// Actions of one account that are on hold at first.
    public var callsOnHold = 3
    /// How long a registration lives until it is forgotten, and how often that happens to one account.
    public var registrationLife = 5.0
    public var registrationLosses = 1
    /// Calls that a token or a session lives for: for each one a number of these.
    public var callsPerToken = 5...7

    public init() {}
}
