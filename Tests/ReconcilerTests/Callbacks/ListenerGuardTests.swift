import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Reconciler

@Suite("The listener before strangers")
struct ListenerGuardTests {
    private static let good = Data(
        "{\"username\":\"profilectl\",\"password\":\"callback-secret\",\"requestId\":\"r-1\"}".utf8)

    /// Opens connections, writes `text` on each, and leaves them open.
    private func hold(_ count: Int, _ url: String, writing text: String) async throws -> [any Channel] {
        let port = try #require(URLComponents(string: url)?.port)
        var channels: [any Channel] = []
        for _ in 0..<count {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            // The listener may have hung up by now.
            try? await channel.writeAndFlush(ByteBuffer(string: text))
            channels.append(channel)
        }
        return channels
    }

    @Test("clients that only hold connections do not keep the carrier out")
    func slowConnections() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var limits = ListenerLimits()
        limits.connections = 20
        try await Harness.withListener(store, limits: limits) { url in
            let held = try await hold(100, url, writing: "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Le")
            for _ in 0..<5 { #expect(try await Harness.call("POST", url, body: Self.good).status == 200) }
            // The first ones were hung up on to make room.
            for channel in held.prefix(80) { try await channel.closeFuture.get() }
            for channel in held.suffix(20) { channel.close(promise: nil) }
        }
    }

    @Test("callbacks on new connections are answered while a crowd of others comes")
    func crowd() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var limits = ListenerLimits()
        limits.connections = 20
        try await Harness.withListener(store, limits: limits) { url in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for channel in try await hold(100, url, writing: "POST /callb") { channel.close(promise: nil) }
                }
                for _ in 0..<10 {
                    group.addTask {
                        let fields = ["Connection": "close"]
                        let answer = try await Harness.call("POST", url, headers: fields, body: Self.good)
                        #expect(answer.status == 200)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a callback that is being kept is answered, however many connections come meanwhile")
    func crowdWhileKeeping() async throws {
        struct Observer: ProtocolObserver {
            let received = Wakeup()
            func reached(_ step: ProtocolStep) { if step == .callbackReceived { received.notify() } }
        }
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db", busyTimeout: .seconds(120))
        var limits = ListenerLimits()
        limits.connections = 4
        let observer = Observer()
        try await Harness.withListener(store, limits: limits, observer: observer) { url in
            let lock = try WriteLock(on: folder.path + "/state.db")
            async let answer = Harness.call("POST", url, body: Self.good)
            await observer.received.change(after: 0)
            let held = try await hold(10, url, writing: "POST /callb")
            for channel in held.prefix(7) { try await channel.closeFuture.get() }
            try lock.release()
            #expect(try await answer.status == 200)
            for channel in held { channel.close(promise: nil) }
        }
    }

    @Test("a request that does not arrive in time loses its connection")
    func deadline() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var limits = ListenerLimits()
        limits.requestTime = .milliseconds(200)
        try await Harness.withListener(store, limits: limits) { url in
            let texts = ["", "POST /callb", "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"]
            for text in texts {
                for channel in try await hold(1, url, writing: text) { try await channel.closeFuture.get() }
            }
            let answer = try await Harness.call("POST", url, body: Self.good)
            #expect(answer.status == 200)
        }
    }

    @Test("who may not connect is hung up on, and counted")
    func allowed() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Harness.withListener(store, allowed: AllowedClients(["thingspace"])) { url in
            for channel in try await hold(3, url, writing: "x") { try await channel.closeFuture.get() }
        }
        #expect(try await store.read { try $0.counters()["callbacks.wrongClient"] } == 3)
        try await Harness.withListener(store, allowed: AllowedClients(["127.0.0.0/8"])) { url in
            let answer = try await Harness.call("POST", url, body: Self.good)
            #expect(answer.status == 200)
        }
    }

    @Test("bodies beyond what all together may hold are put off, not kept in memory")
    func budget() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var limits = ListenerLimits()
        limits.bodiesSize = 1000
        try await Harness.withListener(store, limits: limits) { url in
            let large = Data(repeating: 0x20, count: 20_000) + Self.good
            #expect(try await Harness.call("POST", url, body: large).status == 503)
            let answer = try await Harness.call("POST", url, body: Self.good)
            #expect(answer.status == 200)
        }
        #expect(try await store.read { try $0.counters()["callbacks.overloaded"] } == 1)
    }

    @Test("those who hold long bodies do not keep out short ones")
    func heldBodies() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var limits = ListenerLimits()
        limits.bodiesSize = 100_000
        try await Harness.withListener(store, limits: limits) { url in
            let head = "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
            let held = try await hold(20, url, writing: head + String(repeating: " ", count: 59_000))
            // Most of them were told so.
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
            let isFull = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                let long = Data(repeating: 0x20, count: 100_000) + Self.good
                return try await Harness.call("POST", url, body: long).status == 503 ? true : nil
            }
            #expect(isFull == true)
            for _ in 0..<5 { #expect(try await Harness.call("POST", url, body: Self.good).status == 200) }
            for channel in held { channel.close(promise: nil) }
        }
    }

    @Test("callbacks that are held leave room for the answer to a device list")
    func listBudget() {
        let free = BodyBudget.freeSize
        let budget = BodyBudget(limit: 100_000, callbackLimit: 40_000)
        let (callback, other) = (budget.share(mayBeList: false), budget.share(mayBeList: false))
        let list = budget.share(mayBeList: true)
        #expect(callback.grow(by: free + 40_000))
        #expect(other.grow(by: free) && !other.grow(by: 1))
        #expect(list.grow(by: free + 60_000) && !list.grow(by: 1))
        callback.end()
        #expect(list.grow(by: 1) && other.grow(by: 39_999) && !other.grow(by: 1))
    }

    @Test("what strangers send is not made more of than it is")
    func amplification() throws {
        // A note for each value would be eight times as large as this.
        let wide = Array(("{\"a\":[" + String(repeating: "0,", count: 100_000) + "0],\"password\":\"x\"}").utf8)
        let outline = try JSONValue(json: wide, .outline)
        #expect(outline.tape.nodes.count == 5 && outline["password"]?.text == "x")
        #expect(try JSONValue(json: wide)["a"]?.elements.count == 100_001)
        let members = Array(("{" + String(repeating: "\"a\":0,", count: 100_000) + "\"b\":0}").utf8)
        #expect(throws: UnreadableCallback.self) { try MessageCredentials(json: members) }
    }

    @Test("a flood of head fields is refused, and the listener goes on")
    func headerFlood() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Harness.withListener(store) { url in
            let fields = (0..<2000).map { "X-\($0): \(String(repeating: "y", count: 50))\r\n" }.joined()
            let flood = "POST /callbacks HTTP/1.1\r\nHost: a\r\n" + fields
            for channel in try await hold(1, url, writing: flood) { try await channel.closeFuture.get() }
            let answer = try await Harness.call("POST", url, body: Self.good)
            #expect(answer.status == 200)
        }
    }
}
