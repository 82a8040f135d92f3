import NIOCore
import NIOSSL
import Synchronization

/// The open connections of a listener, kept to a limit: when it is reached, the oldest one that has brought no accepted
/// call makes room, so that those who only hold connections cannot keep the carrier or an operator out. One whose first
/// call waits for its answer keeps its place for a moment.
package final class ConnectionTable: Sendable {
    private struct Connection {
        let channel: any Channel
        let order: UInt64
        let admittedAt: NIODeadline
        var isProven = false
        /// When its first call had come whole.
        var calledAt: NIODeadline?
        var isAnswered = false

        /// Nobody can keep its place for longer by calling again and again.
        func mayMakeRoom(at now: NIODeadline) -> Bool {
            guard !isProven else { return false }
            guard let calledAt, !isAnswered else { return true }
            return now - calledAt > ConnectionTable.answerTime
        }
    }

    private struct Table {
        var connections: [ObjectIdentifier: Connection] = [:]
        var nextOrder: UInt64 = 0
        /// What connections are told when the listener ends.
        var end: ListenerEnd?
        /// Those that were taken and are still to be admitted.
        var expected = 0
        /// In the order in which they came, among them such as have closed or brought a call meanwhile.
        var arrivals: [(id: ObjectIdentifier, order: UInt64)] = []
        var firstArrival = 0

        mutating func add(_ channel: any Channel, at now: NIODeadline, limit: Int) {
            let id = ObjectIdentifier(channel)
            connections[id] = Connection(channel: channel, order: nextOrder, admittedAt: now)
            if arrivals.count >= 4 * limit {
                arrivals = arrivals[firstArrival...].filter { isUnproven($0) }
                firstArrival = 0
            }
            arrivals.append((id, nextOrder))
            nextOrder += 1
        }

        /// Takes the oldest one out that may make room.
        mutating func takeOldest(at now: NIODeadline) -> (any Channel)? {
            while firstArrival < arrivals.count, !isUnproven(arrivals[firstArrival]) { firstArrival += 1 }
            let oldest = arrivals[firstArrival...].first { unproven($0)?.mayMakeRoom(at: now) == true }
            return oldest.flatMap { connections.removeValue(forKey: $0.id)?.channel }
        }

        /// When the oldest ones that may make room were admitted, of so many of them the last one.
        func admission(ofOldest count: Int, at now: NIODeadline) -> NIODeadline? {
            let oldest = arrivals[firstArrival...].lazy.compactMap { unproven($0) }.filter { $0.mayMakeRoom(at: now) }
            return oldest.dropFirst(count - 1).first?.admittedAt
        }

        var hasUnproven: Bool { arrivals[firstArrival...].contains { isUnproven($0) } }

        private func isUnproven(_ arrival: (id: ObjectIdentifier, order: UInt64)) -> Bool { unproven(arrival) != nil }

        private func unproven(_ arrival: (id: ObjectIdentifier, order: UInt64)) -> Connection? {
            // An address is used again.
            guard let connection = connections[arrival.id], connection.order == arrival.order, !connection.isProven
            else { return nil }
            return connection
        }
    }

    private let limit: Int
    private let onFull: @Sendable () -> Void
    private let table = Mutex(Table())

    /// - Parameters:
    ///   - limit: how many connections may be open at the same time.
    ///   - onFull: told of each connection that was closed because of the limit.
    package init(limit: Int, onFull: @escaping @Sendable () -> Void = {}) {
        self.limit = max(limit, 1)
        self.onFull = onFull
    }

    /// How many are open.
    var count: Int { table.withLock(\.connections.count) }

    /// How long each connection may take to bring its first call before it may have to make room: many that come at once
    /// keep the listener busy, and those among them that are the carrier's have to wait for their turn.
    private static let fairTime = TimeAmount.milliseconds(250)
    /// How long a first call may wait for its answer before its connection may have to make room.
    private static let answerTime = TimeAmount.seconds(5)
    /// How long no further connection is taken where those that are there only wait for their answers.
    private static let busyTime = TimeAmount.milliseconds(20)

    /// A connection was taken, and is to be admitted.
    func expect() { table.withLock { $0.expected += 1 } }

    /// It was admitted, or will not be.
    func expectNoMore() { table.withLock { $0.expected -= 1 } }

    /// How long no further connection should be taken, so that none has to make room too early; `nil` if one may be.
    func pause(at now: NIODeadline = .now()) -> TimeAmount? {
        table.withLock { table in
            let evicted = table.connections.count + table.expected + 1 - limit
            guard evicted > 0 else { return nil }
            guard let admittedAt = table.admission(ofOldest: evicted, at: now) else {
                return table.hasUnproven ? Self.busyTime : nil
            }
            return now < admittedAt + Self.fairTime ? admittedAt + Self.fairTime - now : nil
        }
    }

    /// Takes a connection in, and closes another one if there is no room.
    /// - Returns: whether it may stay.
    func admit(_ channel: any Channel, at now: NIODeadline = .now()) -> Bool {
        let id = ObjectIdentifier(channel)
        let (isAdmitted, end, evicted) = table.withLock { table -> (Bool, ListenerEnd?, (any Channel)?) in
            let isFull = table.connections.count >= limit
            let evicted = isFull ? table.takeOldest(at: now) : nil
            guard !isFull || evicted != nil else { return (false, nil, nil) }
            table.add(channel, at: now, limit: limit)
            return (true, table.end, evicted)
        }
        if let evicted { Self.hangUp(evicted) }
        if !isAdmitted || evicted != nil { onFull() }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { [self] _ in
            table.withLock { $0.connections[id] = nil }
        }
        if let end { Self.tell(channel, end) }
        return true
    }

    /// Tells all connections of the end, also those that are still to be taken in.
    func end(_ end: ListenerEnd) {
        let channels = table.withLock { table in
            table.end = end
            return table.connections.values.map(\.channel)
        }
        for channel in channels { Self.tell(channel, end) }
    }

    /// Hangs up on all, whatever they are in the middle of.
    package func closeAll() {
        table.withLock { $0.connections.values.map(\.channel) }.forEach(Self.hangUp)
    }

    /// Closes a connection at once: with TLS it would be held, and its buffers with it, until the client has said goodbye
    /// or seconds have passed, so that those who never do would hold many more connections than the limit.
    private static func hangUp(_ channel: any Channel) {
        channel.pipeline.context(handlerType: NIOSSLServerHandler.self).whenComplete { found in
            switch found {
            case .success(let tls): tls.close(promise: nil)
            case .failure: channel.close(promise: nil)
            }
        }
    }

    private static func tell(_ channel: any Channel, _ end: ListenerEnd) {
        // When the handlers are in place that heed it.
        channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(end) }
    }

    /// A call on this connection has come whole, or what came was answered: while the listener is the one that is waited
    /// for, a first call does not lose its connection.
    func noteCall(on channel: any Channel, isAwaitingAnswer: Bool, at now: NIODeadline = .now()) {
        table.withLock { table in
            guard var connection = table.connections[ObjectIdentifier(channel)], !connection.isAnswered else { return }
            connection.calledAt = connection.calledAt ?? now
            connection.isAnswered = !isAwaitingAnswer
            table.connections[ObjectIdentifier(channel)] = connection
        }
    }

    /// Whether an earlier call on this connection did so.
    func isProven(_ channel: any Channel) -> Bool {
        table.withLock { $0.connections[ObjectIdentifier(channel)]?.isProven == true }
    }

    /// A call on this connection bore the right credentials: it is the carrier's, or an operator's.
    package func prove(_ channel: any Channel) {
        table.withLock { $0.connections[ObjectIdentifier(channel)]?.isProven = true }
    }
}
