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
        var limits = ListenerLimits()
        limits.bodiesSize = 100_000
        limits.callbacksSize = 40_000
        let budget = BodyBudget(limits)
        let (callback, other, list) = (budget.share(.callback), budget.share(.callback), budget.share(.list))
        #expect(callback.grow(by: free + 40_000))
        #expect(other.grow(by: free) && !other.grow(by: 1))
        #expect(list.grow(by: free + 60_000) && !list.grow(by: 1))
        callback.end()
        #expect(list.grow(by: 1) && other.grow(by: 39_999) && !other.grow(by: 1))
    }

    @Test("bodies without credentials share nothing with lists, and one client has only a part of theirs")
    func unprovenBudget() {
        let free = BodyBudget.freeSize
        var limits = ListenerLimits()
        limits.bodiesSize = 100_000
        limits.unprovenSize = 50_000
        limits.unprovenSizePerClient = 30_000
        let budget = BodyBudget(limits)
        let (first, second) = (budget.share(.unproven(client: "a")), budget.share(.unproven(client: "b")))
        #expect(first.grow(by: free + 30_000) && !first.grow(by: 1))
        #expect(second.grow(by: free + 20_000) && !second.grow(by: 1))
        let list = budget.share(.list)
        #expect(list.grow(by: free + 70_000))
        #expect(first.move(to: .list) && second.grow(by: 10_000) && !second.grow(by: 1))
        #expect(!list.grow(by: 1))
        first.end()
        #expect(list.grow(by: 30_000) && !list.grow(by: 1))
    }

    @Test(
        "credentials at the beginning are found before the rest has come",
        arguments: [
            (#"{"username":"u","password":"p","requestId":"r","devices":[{"a"#, true),
            (#" {"password":"p","requestId":"{,","x":[1,2],"username":"u","y":"#, true),
            (#"{"username":"u","password":"p"#, false), (#"{"username":"u","devices":[{"password":"p","#, false),
            ("      ", false), ("", false), (#"["username","#, false),
        ])
    func leadingCredentials(text: String, isFound: Bool) {
        let found = LeadingCredentials.find(in: Array(text.utf8))
        #expect((found != nil) == isFound)
        if let found { #expect(CallbackCredentials(username: "u", password: "p").accepts(found)) }
    }

    @Test("a list arrives while strangers hold all that they may hold; wrong credentials are refused at once")
    func listBesideStrangers() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        var limits = ListenerLimits()
        limits.unprovenSize = 100_000
        limits.unprovenSizePerClient = 100_000
        limits.bodiesSize = 400_000
        try await Harness.withListener(store, limits: limits) { url in
            let head = "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
            let held = try await hold(20, url, writing: head + String(repeating: " ", count: 59_000))
            let filling = "\"requestId\":\"r-1\",\"x\":\"" + String(repeating: "x", count: 390_000) + "\"}"
            let list = Data("{\"username\":\"profilectl\",\"password\":\"callback-secret\",\(filling)".utf8)
            #expect(try await Harness.call("POST", url, body: list).status == 200)
            let port = try #require(URLComponents(string: url)?.port)
            let wrong = "{\"username\":\"profilectl\",\"password\":\"guess\",\(filling.prefix(20_000))"
            let longHead = "POST /callbacks HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n"
            let client = try await RawHTTP(port: port)
            try await client.send(longHead + wrong)
            #expect(await client.text(until: "\r\n\r\n").hasPrefix("HTTP/1.1 401 "))
            client.close()
            for channel in held { channel.close(promise: nil) }
        }
    }

    @Test("of a body that cannot be read the log has the reason and the beginning, without secrets")
    func beginning() {
        let credentials = Harness.callbackCredentials
        let body = "{\"username\":\"profilectl\",\"password\":\"callback-secret\",\u{1B}[31m\u{202E}"
        let text = credentials.beginning(of: Array(body.utf8))
        #expect(text.contains("username") && !text.contains("callback-secret") && !text.contains("profilectl"))
        #expect(text.utf8.allSatisfy { 0x20...0x7E ~= $0 })
        #expect(!credentials.beginning(of: Array("{\"passwd\": \"another".utf8)).contains("another"))
        let long = credentials.beginning(of: Array(repeating: 0x61, count: 100_000))
        #expect(long.count < 100)
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
