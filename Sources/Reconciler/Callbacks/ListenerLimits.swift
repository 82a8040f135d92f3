/// What a listener puts up with from clients that nobody has identified.
public struct ListenerLimits: Hashable, Sendable {
    /// The largest body that is read, in bytes: a device list of 20,000 devices.
    public var bodySize = 8 << 20
    /// How many bytes of bodies are held at the same time, for all connections together.
    public var bodiesSize = 32 << 20
    /// The most that the fields of a request's head may be, in bytes.
    public var headerSize = 16 << 10
    /// The most fields that a request's head may have.
    public var headerCount = 64
    /// How many connections may be open. Beyond that, the one that has waited longest without a callback that was
    /// accepted makes room.
    public var connections = 512
    /// How long a request may take to arrive, from its connection (its TLS handshake included) or its head on.
    public var requestTime = Duration.seconds(20)
    /// How long a connection may rest between two requests.
    public var idleTime = Duration.seconds(60)

    public init() {}
}
