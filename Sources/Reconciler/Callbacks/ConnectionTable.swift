import NIOCore
import Synchronization

/// The open connections of a listener, kept to a limit: when it is reached, the oldest one that has brought no accepted
/// call makes room, so that those who only hold connections cannot keep the carrier or an operator out.
package final class ConnectionTable: Sendable {
    private struct Connection {
        let channel: any Channel
        let order: UInt64
        var isProven = false
    }

    private struct Table {
        var connections: [ObjectIdentifier: Connection] = [:]
        var nextOrder: UInt64 = 0
        var turnedAway = 0
        var isEnding = false
    }

    private let limit: Int
    private let table = Mutex(Table())

    /// - Parameter limit: how many connections may be open at the same time.
    package init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// How many connections were closed because of the limit.
    var turnedAway: Int { table.withLock(\.turnedAway) }

    /// Whether there are connections that have brought no accepted call.
    var hasNewcomers: Bool { table.withLock { $0.connections.values.contains { !$0.isProven } } }

    /// How many are open.
    var count: Int { table.withLock(\.connections.count) }

    /// Takes a connection in, and closes another one if there is no room.
    /// - Returns: whether it may stay.
    func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let (isAdmitted, isEnding, evicted) = table.withLock { table -> (Bool, Bool, (any Channel)?) in
            var evicted: (any Channel)?
            if table.connections.count >= limit {
                table.turnedAway += 1
                let oldest = table.connections.filter { !$0.value.isProven }.min { $0.value.order < $1.value.order }
                guard let oldest else { return (false, table.isEnding, nil) }
                table.connections[oldest.key] = nil
                evicted = oldest.value.channel
            }
            table.connections[id] = Connection(channel: channel, order: table.nextOrder)
            table.nextOrder += 1
            return (true, table.isEnding, evicted)
        }
        evicted?.close(promise: nil)
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { [self] _ in
            table.withLock { $0.connections[id] = nil }
        }
        if isEnding { Self.endWhenIdle(channel) }
        return true
    }

    /// Ends all connections, also those that are still to be taken in, as soon as no call is under way on them.
    func endWhenIdle() {
        let channels = table.withLock { table in
            table.isEnding = true
            return table.connections.values.map(\.channel)
        }
        channels.forEach(Self.endWhenIdle)
    }

    private static func endWhenIdle(_ channel: any Channel) {
        // When the handlers are in place that heed it.
        channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// A call on this connection was accepted: it is the carrier's, or an operator's.
    package func prove(_ channel: any Channel) {
        table.withLock { $0.connections[ObjectIdentifier(channel)]?.isProven = true }
    }
}
