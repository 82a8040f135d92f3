/// How a change of a profile set is let out (`rollout:`).
public struct RolloutPolicy: Hashable, Codable, Sendable {
    /// A share or a number of devices.
    public enum Amount: Hashable, Sendable {
        case percent(Double)
        case devices(Int)
    }

    /// A part of the change that has to land before the next part is let out.
    public enum Wave: Hashable, Sendable {
        /// Until so much of the whole change has been let out, what earlier waves have let out included.
        case upTo(Amount)
        /// All devices that have these labels, each with all profiles of its card.
        case labels([String: String])
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
    /// In their order; empty for all at once.
    public var waves: [Wave] = []
    /// Where the waves that go by labels and the rule stand.
    var labelPlaces = WavePlaces()
    public var abortWhen: AbortRule?
    /// The share, in per cent, of the devices whose profile is known to be there that may change at once.
    public var maxChange = 30.0
    /// When devices may be changed; `nil` for at any time.
    public var windows: MaintenanceWindows?

    public init() {}

    private enum CodingKeys: String, CodingKey {
        case batchSize, maxInFlight, requestsPerSecond, waves, abortWhen, maxChange, windows
    }
}

/// Where the waves that go by labels and the rule to stop are declared; no part of what a policy says, so that all are equal.
struct WavePlaces: Hashable, Sendable {
    var places: [[String: String]: SourcePlace] = [:]
    var abortRule: SourcePlace?

    static func == (left: Self, right: Self) -> Bool { true }

    func hash(into hasher: inout Hasher) {}
}

extension RolloutPolicy.Amount {
    /// As it is written in the YAML.
    var text: String {
        switch self {
        case .devices(let count): "\(count)"
        case .percent(let share): share == share.rounded() ? "\(Int(share))%" : "\(share)%"
        }
    }

    /// How many devices it is, rounded up.
    func count(of total: Int) -> Int {
        switch self {
        case .devices(let count): count
        case .percent(let share): Int((Double(total) * share / 100).rounded(.up))
        }
    }
}

extension [String: String] {
    /// Labels as people read them: `region=west, site=lab`.
    var labelText: String {
        sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}
