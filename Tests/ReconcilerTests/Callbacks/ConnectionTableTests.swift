import NIOCore
import NIOEmbedded
import Testing

@testable import Reconciler

@Suite("The table of connections")
struct ConnectionTableTests {
    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test("when it is full, the oldest connection that has brought no callback makes room")
    func eviction() throws {
        let table = ConnectionTable(limit: 3)
        let channels = try (0..<4).map { _ in try channel() }
        for channel in channels.prefix(3) { #expect(table.admit(channel)) }
        table.prove(channels[0])
        #expect(table.admit(channels[3]))
        #expect(channels.map(\.isActive) == [true, false, true, true])
        #expect(table.count == 3)
        #expect(table.turnedAway == 1)
    }

    @Test("when all have brought callbacks, a new one is turned away; one that closes makes room")
    func full() throws {
        let table = ConnectionTable(limit: 2)
        let channels = try (0..<3).map { _ in try channel() }
        for channel in channels.prefix(2) {
            #expect(table.admit(channel))
            table.prove(channel)
        }
        #expect(!table.admit(channels[2]))
        try channels[0].close().wait()
        channels[0].embeddedEventLoop.run()
        #expect(table.count == 1)
        #expect(table.admit(channels[2]))
    }
}
