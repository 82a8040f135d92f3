import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Reconciler

@Suite("The life of a connection")
struct ConnectionLifeHandlerTests {
    private func channel(_ connections: ConnectionTable = ConnectionTable(limit: 1)) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(
            handler: ConnectionLifeHandler(
                requestTime: .seconds(20), idleTime: .seconds(60), connections: connections))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private let head = HTTPRequestPart.head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/"))
    private static let refusal = HTTPResponse(status: .contentTooLarge, headerFields: [.connection: "close"])

    /// A request comes whole.
    private func call(_ channel: EmbeddedChannel, _ head: HTTPRequestPart? = nil) throws {
        try channel.writeInbound(head ?? self.head)
        try channel.writeInbound(HTTPRequestPart.end(nil))
    }

    /// - Returns: the fields of the answer as the client is given it.
    @discardableResult
    private func answer(
        _ channel: EmbeddedChannel, _ response: HTTPResponse = HTTPResponse(status: .ok)
    ) throws -> HTTPFields? {
        try channel.writeOutbound(HTTPResponsePart.head(response))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        guard case .head(let head) = try channel.readOutbound(as: HTTPResponsePart.self) else { return nil }
        guard case .end = try channel.readOutbound(as: HTTPResponsePart.self) else { return nil }
        channel.embeddedEventLoop.run()
        return head.headerFields
    }

    @Test("a connection on which nothing comes is closed")
    func silent() throws {
        let channel = try channel()
        channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("a body that drips in does not put the deadline off")
    func dripping() throws {
        let channel = try channel()
        try channel.writeInbound(head)
        for _ in 0..<19 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("an answer may take its time; then the connection may rest for a while")
    func resting() throws {
        let channel = try channel()
        try call(channel)
        channel.embeddedEventLoop.advanceTime(by: .minutes(5))
        #expect(channel.isActive)
        try answer(channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        try channel.writeInbound(head)
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(!channel.isActive)
    }

    @Test("a call that has come whole keeps its connection from having to make room, until it is answered")
    func awaitingAnswer() throws {
        let table = ConnectionTable(limit: 1)
        let channel = try channel(table)
        #expect(table.admit(channel))
        try call(channel)
        #expect(!table.admit(try self.channel()) && channel.isActive)
        try answer(channel)
        #expect(table.admit(try self.channel()) && !channel.isActive)
    }

    @Test("a request that was refused before it had come whole leaves no connection without a deadline")
    func refusedEarly() throws {
        let channel = try channel()
        try channel.writeInbound(head)
        try answer(channel, HTTPResponse(status: .contentTooLarge))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    private static let end = ListenerEnd(restTime: .seconds(1), firstCallTime: .seconds(2))

    @Test("a call that comes while the listener ends is answered, and told that the connection ends with it")
    func callAtTheEnd() throws {
        for isUnderWay in [false, true] {
            let channel = try channel()
            for _ in 0..<2 {
                try call(channel)
                #expect(try answer(channel)?[.connection] == nil)
            }
            if isUnderWay { try channel.writeInbound(head) }
            channel.pipeline.fireUserInboundEventTriggered(Self.end)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(900))
            if !isUnderWay { try channel.writeInbound(head) }
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            try channel.writeInbound(HTTPRequestPart.end(nil))
            channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            #expect(channel.isActive)
            #expect(try answer(channel)?[.connection] == "close")
            #expect(!channel.isActive)
        }
    }

    @Test("a connection that rests when the listener ends is closed in a moment, a new one a little later")
    func restAtTheEnd() throws {
        let (called, new) = (try channel(), try channel())
        try call(called)
        try answer(called)
        for (channel, time) in [(called, TimeAmount.seconds(1)), (new, .seconds(2))] {
            channel.pipeline.fireUserInboundEventTriggered(Self.end)
            channel.embeddedEventLoop.advanceTime(by: time - .milliseconds(1))
            #expect(channel.isActive)
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            #expect(!channel.isActive)
        }
    }

    @Test("behind an answer that says so the connection is closed; what was refused early may come whole first")
    func goodbye() throws {
        for isWhole in [true, false] {
            let channel = try channel()
            try channel.writeInbound(head)
            if isWhole { try channel.writeInbound(HTTPRequestPart.end(nil)) }
            try answer(channel, Self.refusal)
            #expect(channel.isActive != isWhole)
            guard !isWhole else { continue }
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1900))
            #expect(channel.isActive)
            try channel.writeInbound(HTTPRequestPart.end(nil))
            channel.embeddedEventLoop.advanceTime(by: .zero)
            #expect(!channel.isActive)
        }
    }

    @Test("what comes behind the last answer is not taken, and does not put the end off")
    func afterGoodbye() throws {
        let channel = try channel()
        try channel.writeInbound(head)
        try answer(channel, Self.refusal)
        while try channel.readInbound(as: HTTPRequestPart.self) != nil {}
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeInbound(head)
        #expect(try channel.readInbound(as: HTTPRequestPart.self) == nil)
        channel.embeddedEventLoop.advanceTime(by: .zero)
        #expect(!channel.isActive)
    }

    @Test("of calls that came one behind the other, all are answered before the end", arguments: [false, true])
    func pipelined(isAskedFor: Bool) throws {
        let channel = try channel()
        var last = HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/")
        if isAskedFor { last.headerFields[.connection] = "close" }
        for head in [head, .head(last)] { try call(channel, head) }
        if !isAskedFor { channel.pipeline.fireUserInboundEventTriggered(Self.end) }
        #expect(try answer(channel)?[.connection] == nil)
        #expect(channel.isActive)
        #expect(try answer(channel)?[.connection] == "close")
        #expect(!channel.isActive)
    }

    @Test("an end that comes in the middle of an answer is not forgotten")
    func endWithinAnswer() throws {
        let channel = try channel()
        try call(channel)
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        channel.pipeline.fireUserInboundEventTriggered(Self.end)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test("a client that does not take its answer is hung up on")
    func notReading() throws {
        let channel = try channel()
        try call(channel)
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(channel.isActive)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        channel.embeddedEventLoop.advanceTime(by: .minutes(5))
        #expect(channel.isActive)
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        #expect(!channel.isActive)
    }
}
