import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Reconciler

@Suite("The door of a listener")
struct ListeningDoorTests {
    private func connect(_ socket: ListeningSocket) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: socket.port).get()
    }

    /// Takes the connections that wait, and receives one of them.
    private func receiveOne(at socket: ListeningSocket) async throws -> CInt {
        let door = try ListeningDoor(socket)
        var arrivals = door.arrivals.makeAsyncIterator()
        return try #require(await arrivals.next()?.take())
    }

    @Test("connections that were taken, and that nobody receives any more, are hung up on", .timeLimit(.minutes(1)))
    func cutOff() async throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let channels = try await [connect(socket), connect(socket), connect(socket)]
        let descriptor = try await receiveOne(at: socket)
        defer { close(descriptor) }
        for channel in channels.dropFirst() { try await channel.closeFuture.get() }
        #expect(channels[0].isActive, "who has received it closes it")
    }

    @Test("connections that were taken before the door was closed still arrive, then no more come")
    func closed() async throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let door = try ListeningDoor(socket)
        _ = try await connect(socket)
        var arrivals = door.arrivals.makeAsyncIterator()
        let arrival = try #require(await arrivals.next())
        let descriptor = try #require(arrival.take())
        close(descriptor)
        #expect(arrival.take() == nil, "who has it closes it")
        door.close()
        #expect(await arrivals.next() == nil)
    }
}
