import NIOCore
import NIOEmbedded
import NIOSSL
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
        let closed = Wakeup()
        let table = ConnectionTable(limit: 3) { closed.notify() }
        let channels = try (0..<4).map { _ in try channel() }
        for channel in channels.prefix(3) { #expect(table.admit(channel)) }
        table.prove(channels[0])
        #expect(table.admit(channels[3]))
        #expect(channels.map(\.isActive) == [true, false, true, true])
        #expect(table.count == 3)
        #expect(closed.count == 1)
    }

    @Test(
        "the oldest goes first, whoever has come, closed and brought callbacks before",
        arguments: 1...20 as ClosedRange<UInt64>)
    func order(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...5, using: &generator)
        let table = ConnectionTable(limit: limit)
        var open: [(channel: EmbeddedChannel, isProven: Bool)] = []
        for _ in 0..<200 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0 where !open.isEmpty:
                let index = Int.random(in: open.indices, using: &generator)
                open[index].isProven = true
                table.prove(open[index].channel)
            case 1...3 where !open.isEmpty:
                let channel = open.remove(at: Int.random(in: open.indices, using: &generator)).channel
                try channel.close().wait()
                channel.embeddedEventLoop.run()
            default:
                let new = try channel()
                let oldest = open.count == limit ? open.firstIndex { !$0.isProven } : nil
                #expect(table.admit(new) == (open.count < limit || oldest != nil))
                if let oldest { #expect(!open.remove(at: oldest).channel.isActive) }
                if open.count < limit { open.append((new, false)) }
            }
            #expect(table.count == open.count && open.allSatisfy { $0.channel.isActive })
        }
    }

    @Test("whose first call waits for its answer does not have to make room before it is given, for a moment")
    func answers() throws {
        let table = ConnectionTable(limit: 2)
        let now = NIODeadline.now()
        let channels = try (0..<6).map { _ in try channel() }
        for channel in channels.prefix(2) { #expect(table.admit(channel, at: now)) }
        table.noteCall(on: channels[0], isAwaitingAnswer: true, at: now)
        #expect(table.admit(channels[2], at: now))
        #expect(channels.prefix(3).map(\.isActive) == [true, false, true])
        table.noteCall(on: channels[2], isAwaitingAnswer: true, at: now)
        #expect(table.pause(at: now) == .milliseconds(20), "who comes now waits for the answers")
        #expect(!table.admit(channels[3], at: now), "nobody can make room")
        table.noteCall(on: channels[2], isAwaitingAnswer: false, at: now)
        table.noteCall(on: channels[2], isAwaitingAnswer: true, at: now)
        #expect(table.admit(channels[4], at: now))
        #expect([0, 2, 4].map { channels[$0].isActive } == [true, false, true], "a second call does not count")
        table.noteCall(on: channels[4], isAwaitingAnswer: true, at: now)
        #expect(table.admit(channels[5], at: now + .seconds(6)))
        #expect([0, 4, 5].map { channels[$0].isActive } == [false, true, true], "nor does one that takes too long")
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

    @Test("no more connections are taken while those that would have to make room have had no time for a call")
    func pause() throws {
        let table = ConnectionTable(limit: 3)
        let start = NIODeadline.now()
        let channels = try (0..<3).map { _ in try channel() }
        for (index, channel) in channels.enumerated() {
            #expect(table.pause(at: start) == nil)
            #expect(table.admit(channel, at: start + .milliseconds(Int64(index) * 10)))
        }
        #expect(table.pause(at: start) == .milliseconds(250))
        #expect(table.pause(at: start + .milliseconds(249)) == .milliseconds(1))
        #expect(table.pause(at: start + .milliseconds(250)) == nil)
        // One more is on its way already.
        table.expect()
        #expect(table.pause(at: start + .milliseconds(250)) == .milliseconds(10))
        table.expectNoMore()
        table.prove(channels[0])
        #expect(table.pause(at: start + .milliseconds(250)) == .milliseconds(10))
        for channel in channels { table.prove(channel) }
        #expect(table.pause(at: start) == nil, "the next one is turned away")
    }

    @Test("a TLS client that would say no goodbye is not waited for")
    func tls() async throws {
        let folder = try TemporaryFolder()
        let files = try await CertificateAuthority(in: folder).issue(as: "server")
        let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
        let serverContext = try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.certificateVerification = .none
        let clientContext = try NIOSSLContext(configuration: trusting)

        let (server, client) = (EmbeddedChannel(), EmbeddedChannel())
        try server.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: serverContext))
        try client.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: clientContext, serverHostname: nil))
        for channel in [server, client] {
            try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        }
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for (from, to) in [(client, server), (server, client)] {
                while let bytes = try from.readOutbound(as: ByteBuffer.self) {
                    try to.writeInbound(bytes)
                    isQuiet = false
                }
            }
        }
        let table = ConnectionTable(limit: 1)
        #expect(table.admit(server) && server.isActive)
        #expect(table.admit(try channel()))
        #expect(!server.isActive)
    }
}
