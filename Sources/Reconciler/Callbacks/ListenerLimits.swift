/// What a listener puts up with from clients that nobody has identified.
public struct ListenerLimits: Hashable, Sendable {
    /// The largest body that is read, in bytes, but for the answer to a device list that was asked for.
    public var bodySize = 1 << 20
    /// The largest answer to a device list that is read, in bytes: some 250,000 devices.
    public var listSize = 64 << 20
    /// How many bytes of bodies are held at the same time, for all connections together, but for their beginnings.
    public var bodiesSize = 66 << 20
    /// The same for those that are too short to be answers to device lists.
    public var callbacksSize = 32 << 20
    /// The same for bodies of which nothing shows yet that the carrier sends them. They share nothing with the others.
    public var unprovenSize = 16 << 20
    /// The largest part of that which one client's address may hold.
    public var unprovenSizePerClient = 4 << 20
    /// The most that the fields of a request's head may be, in bytes.
    public var headerSize = 16 << 10
    /// The most fields that a request's head may have.
    public var headerCount = 64
    /// How many connections may be open. Beyond that, the one that has waited longest without a callback that was
    /// accepted makes room.
    public var connections = 512
    /// How many connections the admin endpoint has open, at most.
    package static let adminConnections = 128
    /// How long a request may take to arrive, from its connection (its TLS handshake included) or its head on.
    public var requestTime = Duration.seconds(20)
    /// How long a connection may rest between two requests.
    public var idleTime = Duration.seconds(60)

    /// How long the end may take: what has not come whole by then is hung up on.
    public var endTime = Duration.seconds(7)

    public init() {}

    /// How many connections may wait to be taken in: who finds no place tries again only after a second.
    package static let backlog = 4096
}
