/// What can be read for those who only look: it costs little, however many devices there are.
public protocol StateOverview {
    /// Devices page by page.
    func devices(_ query: DeviceQuery) throws -> DevicePage
    /// What has happened since a mark, and the mark from which to count the next time; without a mark nothing is
    /// counted.
    func activity(since mark: ActivityMark?) throws -> (counts: ActivityCounts, mark: ActivityMark)
    /// How many callbacks are kept and not read yet.
    func unreadCallbackCount() throws -> Int
}

/// How far the logs of the store had grown at some time, so that what comes later is counted without counting
/// everything.
public struct ActivityMark: Hashable, Sendable {
    let event: Int64
    let request: Int64
    /// The last callback before the first one that is not read yet.
    let callback: Int64
}

/// How often what has happened.
public struct ActivityCounts: Hashable, Sendable {
    public private(set) var events: [StateEvent.Kind: Int] = [:]
    /// Requests for an action.
    public private(set) var requests: [ProfileAction: Int] = [:]
    /// Requests for a device list.
    public private(set) var deviceLists = 0
    /// Callbacks that were read, by what they turned out to be.
    public private(set) var callbacks: [CallbackVerdict: Int] = [:]

    public init(
        events: [StateEvent.Kind: Int] = [:], requests: [ProfileAction: Int] = [:], deviceLists: Int = 0,
        callbacks: [CallbackVerdict: Int] = [:]
    ) {
        self.events = events
        self.requests = requests
        self.deviceLists = deviceLists
        self.callbacks = callbacks
    }

    public mutating func add(_ other: Self) {
        events.merge(other.events, uniquingKeysWith: +)
        requests.merge(other.requests, uniquingKeysWith: +)
        deviceLists += other.deviceLists
        callbacks.merge(other.callbacks, uniquingKeysWith: +)
    }
}
