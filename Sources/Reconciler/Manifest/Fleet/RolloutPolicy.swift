/// How a change of a profile set is let out (`rollout:`).
public struct RolloutPolicy: Hashable, Codable, Sendable {
    /// A share or a number of devices.
    public enum Amount: Hashable, Sendable {
        case percent(Double)
        case devices(Int)
    }

    /// When a roll-out is given up.
    public struct AbortRule: Hashable, Codable, Sendable {
        public var failed: Amount
        /// Failures that there must be at least.
        public var atLeast: Int
    }

    /// Devices in one request, 1 to 200.
    public var batchSize = 100
    /// Devices whose callback is awaited at the same time.
    public var maxInFlight = 1000
    public var requestsPerSecond = 5.0
    /// How much of the change has been let out after each wave; empty for all at once.
    public var waves: [Amount] = []
    public var abortWhen: AbortRule?
    /// The share, in per cent, of the devices whose profile is known to be there that may change at once.
    public var maxChange = 30.0

    public init() {}
}
