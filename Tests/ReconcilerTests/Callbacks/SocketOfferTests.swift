import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Reconciler

@Suite("A listening socket that is shared")
struct SocketOfferTests {
    private let name = SocketOfferName(["test", UUID().uuidString])

    private func connect(_ port: Int) async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port)
            .get()
    }

    @Test("who knows the name is given the socket; nobody else is, and nobody after the offer has ended")
    func name() async throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        do {
            let offer = try #require(SocketOffer(socket, as: name))
            for _ in 0..<3 {
                let given = try #require(await SocketOffer.take(name))
                #expect(given.port == socket.port)
            }
            #expect(SocketOffer(socket, as: name) == nil, "one at a time")
            #expect(await SocketOffer.take(SocketOfferName(["test", UUID().uuidString])) == nil)
            // What is closed is not given away.
            socket.close()
            #expect(await SocketOffer.take(name) == nil)
            withExtendedLifetime(offer) {}
        }
        #expect(await SocketOffer.take(name) == nil)
    }

    @Test("parts of a name cannot be shifted from one to the next")
    func parts() async throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let unique = UUID().uuidString
        let offer = SocketOffer(socket, as: SocketOfferName([unique, "ab", "c"]))
        #expect(await SocketOffer.take(SocketOfferName([unique, "a", "bc"])) == nil)
        #expect(await SocketOffer.take(SocketOfferName([unique, "ab", "c"])) != nil)
        withExtendedLifetime(offer) {}
    }

    @Test("the address is taken as long as somebody holds the socket, and free afterwards")
    func address() async throws {
        let first = try ListeningSocket(host: "127.0.0.1", port: 0)
        let offer = SocketOffer(first, as: name)
        let second = try #require(await SocketOffer.take(name))
        withExtendedLifetime(offer) { first.close() }
        let error = #expect(throws: IOError.self) { try ListeningSocket(host: "127.0.0.1", port: second.port) }
        #expect(error?.errnoCode == EADDRINUSE)
        second.close()
        let third = try ListeningSocket(host: "127.0.0.1", port: second.port)
        #expect(third.port == second.port)
    }

    @Test("a call that came while the one listener ends is answered by the other")
    func handOver() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let offer = SocketOffer(socket, as: name)
        let port = socket.port
        let other = try #require(await SocketOffer.take(name))
        withExtendedLifetime(offer) { socket.close() }
        // Nobody takes connections now, and none is refused.
        let waiting = try await connect(port)
        let listener = CallbackListener(
            configuration: CallbackListenerConfiguration(
                host: "127.0.0.1", port: port, path: "/callbacks", credentials: Harness.callbackCredentials),
            store: store, clock: SystemClock(), policy: ConvergencePolicy(), wakeup: Wakeup(), logger: Harness.quiet)
        let stop = Wakeup()
        async let ended: Void = listener.run(on: other, until: stop) { _ in }
        let closed = waiting.closeFuture
        try await waiting.writeAndFlush(
            ByteBuffer(string: "GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        ).get()
        // It is answered, with 404, and closed then.
        try await closed.get()
        stop.notify()
        try await ended
    }
}
