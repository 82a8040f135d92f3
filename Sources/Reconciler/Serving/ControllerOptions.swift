/// How a controller goes about its work.
public struct ControllerOptions: Sendable {
    /// How often the manifests are looked at; `nil` for what suits where they come from.
    public var manifestInterval: Duration?
    /// How often the carrier's records are read.
    public var refreshInterval: Duration
    /// How long answers to device lists are awaited.
    public var listTimeout: Duration
    /// How often the state is looked at when nobody tells that it has changed: another process may act on it.
    public var idleInterval: Duration
    /// How often the state is looked at while a run is under way and waits for something.
    public var pollInterval: Duration
    /// How long what did not work is left alone.
    public var backOff: ServeBackOff
    /// The least time between two notifications about the same, unless it was over or is of what people have written.
    public var noticeInterval: Duration
    /// How often it is tried whether the store keeps what is written.
    public var probeInterval: Duration

    public init(
        manifestInterval: Duration? = nil, refreshInterval: Duration = .seconds(6 * 3600),
        listTimeout: Duration = .seconds(300), idleInterval: Duration = .seconds(30),
        pollInterval: Duration = .seconds(1), backOff: ServeBackOff = ServeBackOff(),
        noticeInterval: Duration = .seconds(600), probeInterval: Duration = .seconds(30)
    ) {
        self.manifestInterval = manifestInterval
        self.refreshInterval = refreshInterval
        self.listTimeout = listTimeout
        self.idleInterval = idleInterval
        self.pollInterval = pollInterval
        self.backOff = backOff
        self.noticeInterval = noticeInterval
        self.probeInterval = probeInterval
    }

    /// What the settings say, and what is usual otherwise.
    public init(_ settings: Settings) {
        self.init(manifestInterval: settings.manifestInterval, refreshInterval: settings.refreshInterval)
    }
}
