/// How the simulated carrier behaves. Rates are shares from 0 to 1.
public struct SimulatorOptions: Sendable {
    /// Decides all that is left to chance; the same seed gives each device the same fate.
    public var seed: UInt64 = 1
    /// How long an action takes until its callback is sent, in seconds.
    public var callbackDelay: ClosedRange<Double> = 0.05...0.3
    /// How long the answer to a call takes, in seconds.
    public var latency = 0.0
    /// Devices whose first attempt fails.
    public var failureRate = 0.0
    /// Devices that fail at every attempt.
    public var permanentFailureRate = 0.0
    /// Devices whose action first ends with a warning.
    public var warningRate = 0.0
    /// How long after a warning the success is sent, in seconds.
    public var warningDelay = 0.5
    /// Messages that are sent twice although they were acknowledged.
    public var duplicateRate = 0.0
    /// How often each message is sent although it was acknowledged.
    public var deliveries = 1
    /// Messages that are held back so that later ones overtake them.
    public var reorderRate = 0.0
    /// How long they are held back, in seconds.
    public var reorderDelay = 0.5
    /// Messages that are never sent.
    public var dropRate = 0.0
    /// Messages that are sent after the client has given up waiting for them.
    public var lateRate = 0.0
    /// How long they are held back, in seconds.
    public var lateDelay = 2400.0
    /// Messages that first come with a wrong password; the right one follows, since that one is not acknowledged.
    public var wrongCredentialsRate = 0.0
    /// Messages under another requestId than that of the request that they are about.
    public var otherRequestRate = 0.0
    /// Messages that name a device with an IMEI by that and its EID, and by the IMEI alone.
    public var imeiAndEIDRate = 0.0
    public var imeiOnlyRate = 0.0
    /// The time between deliveries that are not acknowledged, in seconds. The carrier's is 5 minutes.
    public var redeliveryInterval = 300.0
    /// Deliveries of a message, at most.
    public var maxCallbackThreshold = 4
    /// Devices in one request, at most.
    public var maximumDevicesPerRequest = 200
    /// Requests a second that are answered; others get 429. `nil` for any number.
    public var requestsPerSecond: Int?
    /// Seconds from the first issue of a bearer token to its end.
    public var tokenLife = 3600.0
    /// Calls after which a bearer token ends before its time, as tokens do when a gateway restarts.
    public var callsPerToken: Int?
    /// Seconds without use after which a session ends.
    public var sessionIdleLife = 1200.0
    /// Calls after which a session ends before its time.
    public var callsPerSession: Int?
    /// So many refused logins in a row lock the contact.
    public var maximumRefusedLogins = 5
    /// Calls for profile actions and device lists that meet one of `faults`.
    public var faultRate = 0.0
    public var faults = CarrierFault.allCases
    /// Faults that one device meets with calls of one kind, at most.
    public var faultsPerDevice = Int.max
    /// How long a slow answer takes, in seconds: longer than the client waits.
    public var slowAnswer = 45.0
    /// How long a burst of 429 lasts, in seconds.
    public var throttleBurst = 2.0
    /// What a fault's 429 and 503 ask for in `Retry-After`, in seconds.
    public var retryAfter = 1
    /// What the carrier does badly as a whole, and the numbers for it.
    public var carrierFaults: Set<CarrierBehavior> = []
    public var carrierFaultSettings = CarrierFaultSettings()
    public var clientID = "simulator-key"
    public var clientSecret = "simulator-secret"
    public var username = "simulator-user"
    public var password = "simulator-password"
    /// Whether callbacks may go to ports that the carrier does not call.
    public var allowsAnyCallbackPort = false
    /// A PEM file of the authorities by which endpoints of callbacks are trusted; `nil` for those of the system.
    public var callbackAuthorities: String?
    /// Whether rows of the v2 device list tell the profile status.
    public var listsProfileStatus = true
    /// Whether rows of the v1 list tell it, among their extended attributes. No published answer does.
    public var listsProfileStatusInV1 = false
    /// Whether the accounts have the v2 device list.
    public var offersListV2 = true
    /// Answers to v2 device lists that are never sent.
    public var listDropRate = 0.0

    public init() {}

    /// Source: `thingspace.md`, section 5.2.
    public static let callbackPorts: [ClosedRange<Int>] = [
        80...80, 443...443, 9001...9006, 50551...50559, 28200...28220,
    ]
}
