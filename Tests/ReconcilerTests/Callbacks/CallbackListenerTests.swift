import AsyncHTTPClient
import Foundation
import NIOCore
import Testing

@testable import Reconciler

@Suite("The callback listener")
struct CallbackListenerTests {
    private static let open = CallbackCredentials(username: "", password: "")

    /// A store in which one device has a download in flight under the request.
    private func store(
        _ folder: TemporaryFolder, key: DeviceKey, imei: String? = nil, requestID: String
    ) async throws -> SQLiteStore {
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let now = SystemClock().now()
        try await store.write { transaction in
            try transaction.save([DeviceRecord(key: key, account: Fleets.account, imei: imei.flatMap { IMEI($0) })])
            var request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now)
            let intent = OperationIntent(
                key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1)
            var operations = try transaction.addOperations([intent], under: request.number, at: now)
            request.outcome = .accepted(RequestID(requestID))
            try transaction.update(request)
            _ = operations[0].received(.accepted(RequestID(requestID)), at: now, policy: ConvergencePolicy())
            try transaction.update(operations)
        }
        return store
    }

    /// Waits until every kept callback has been read.
    private func settled(_ store: SQLiteStore, _ key: DeviceKey, wakeup: Wakeup) async throws -> DeviceRecord {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: wakeup, pollInterval: .milliseconds(50))
        let record = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await store.read { reader in
                try reader.unreadCallbacks(limit: 1).isEmpty ? try reader.devices([key])[key] : nil
            }
        }
        return try #require(record)
    }

    private func key(_ eid: String, _ iccid: String) throws -> DeviceKey {
        DeviceKey(eid: try #require(EID(eid)), iccid: try #require(ICCID(iccid)))
    }

    @Test("the carrier's success sample settles the download")
    func success() async throws {
        let key = try key("678912789123453456784008666456", "78425989148000000840")
        let folder = try TemporaryFolder()
        let store = try await store(folder, key: key, requestID: "0ecf5171-cdfb-4d49-a6d3-f9347b73913d")
        let wakeup = Wakeup()
        try await Harness.withListener(store, wakeup: wakeup, credentials: Self.open) { url in
            let answer = try await Harness.call("POST", url, body: try Repository.sample("callback-success"))
            #expect(answer.status == 200)
            let record = try await settled(store, key, wakeup: wakeup)
            #expect(record.operation?.phase == .succeeded)
            #expect(record.observation?.state == .downloadedEnabled)
            #expect(record.observation?.profileStatus == "DOWNLOAD_ENABLE")
            #expect(record.service == .active)
        }
    }

    @Test("the warning sample leaves the enabling pending, and the success under another requestId ends it")
    func warningThenSuccess() async throws {
        let key = try key("666456789123456789123456784008", "89148000000800784259")
        let folder = try TemporaryFolder()
        let store = try await store(
            folder, key: key, imei: "666456789014008", requestID: "24da8f8a-d110-4a54-86b4-83fb76aab83c")
        let wakeup = Wakeup()
        let credentials = CallbackCredentials(username: "user", password: "user")
        try await Harness.withListener(store, wakeup: wakeup, credentials: credentials) { url in
            #expect(try await Harness.call("POST", url, body: try Repository.sample("callback-warning")).status == 200)
            let warned = try await settled(store, key, wakeup: wakeup)
            guard case .enablePending = warned.operation?.phase else {
                return #expect(Bool(false), "\(String(describing: warned.operation?.phase))")
            }
            #expect(warned.observation?.state == .downloadedDisabled)

            let success = try Repository.sample("callback-success-after-warning")
            for _ in 0..<3 { #expect(try await Harness.call("POST", url, body: success).status == 200) }
            let done = try await settled(store, key, wakeup: wakeup)
            #expect(done.operation?.phase == .succeeded)
            #expect(done.observation?.state == .downloadedEnabled)
            let callbacks = try await store.read { try $0.callbacks(of: key.eid) }
            #expect(callbacks.map(\.deliveries) == [1, 3])
            #expect(callbacks.allSatisfy { !$0.redactedText.contains("user") }, "no credentials are kept")

            // A warning that comes again, late, changes nothing.
            let late = try Repository.sample("callback-warning")
            #expect(try await Harness.call("POST", url, body: late).status == 200)
            #expect(try await settled(store, key, wakeup: wakeup) == done)
        }
    }

    @Test("letter case, unknown members, a Pascal-case body and any content type are taken")
    func tolerance() async throws {
        let key = try Fleets.key(7)
        let folder = try TemporaryFolder()
        let store = try await store(folder, key: key, requestID: "r-1")
        let wakeup = Wakeup()
        try await Harness.withListener(store, wakeup: wakeup, credentials: Self.open) { url in
            let body = """
                {"RequestId":"r-1","New":{"a":[1,2]},"Device":[{"Kind":"ICCID","Identifier":"\(key.iccid)"},
                {"Kind":"EID","Identifier":"\(key.eid)"}],"DeviceResponse":{"DeviceProfileResponse":
                {"ProfileStatus":"download_enable","EUICCStatus":"Executed_Success"}}}
                """
            let answer = try await Harness.call(
                "POST", url, headers: ["Content-Type": "text/xml"], body: Data(body.utf8))
            #expect(answer.status == 200)
            #expect(try await settled(store, key, wakeup: wakeup).operation?.phase == .succeeded)
        }
    }

    @Test("an eUICC error and a fault are failures, with the carrier's words and what to do")
    func failures() async throws {
        let bodies = [
            """
            "deviceResponse":{"deviceProfileResponse":{"profileStatus":"DOWNLOAD_ENABLE","euiccErrorCode":"8.1, 5.1",
            "euiccErrorDesc":"not reached"}}
            """,
            """
            "faultResponse":{"faultcode":"UnifiedWebService.REQUEST_FAILED.DeviceNotFound","faultstring":"not found"},
            "status":"Failed"
            """,
        ]
        for (body, code) in zip(bodies, ["8.1,5.1", "REQUEST_FAILED.DeviceNotFound"]) {
            let key = try Fleets.key(8)
            let folder = try TemporaryFolder()
            let store = try await store(folder, key: key, requestID: "r-1")
            let wakeup = Wakeup()
            try await Harness.withListener(store, wakeup: wakeup, credentials: Self.open) { url in
                let message = "{\"requestId\":\"r-1\",\"deviceIds\":[{\"kind\":\"Eid\",\"id\":\"\(key.eid)\"}],\(body)}"
                #expect(try await Harness.call("POST", url, body: Data(message.utf8)).status == 200)
                let record = try await settled(store, key, wakeup: wakeup)
                guard case .failed(let failure, let retryAt) = record.operation?.phase else {
                    return #expect(Bool(false), "\(String(describing: record.operation?.phase))")
                }
                #expect(failure.code == code)
                #expect(failure.carrierText?.hasPrefix("not") == true)
                #expect((retryAt != nil) == (code == "8.1,5.1"))
            }
        }
    }

    @Test("what cannot be taken is refused, what no device is known for is kept, and the listener goes on")
    func refusals() async throws {
        let key = try Fleets.key(9)
        let folder = try TemporaryFolder()
        let store = try await store(folder, key: key, requestID: "r-1")
        let wakeup = Wakeup()
        var limits = ListenerLimits()
        limits.bodySize = 1 << 20
        try await Harness.withListener(store, wakeup: wakeup, limits: limits) { url in
            let good = "\"username\":\"profilectl\",\"password\":\"callback-secret\""
            for body in ["", "not json", "{\"requestId\":", "[]", "42", "\"x\"", String(repeating: "[", count: 5000)] {
                #expect(try await Harness.call("POST", url, body: Data(body.utf8)).status == 400, "\(body.prefix(20))")
            }
            let large = Data("{\(good),\"x\":\"\(String(repeating: "x", count: 1 << 20))\"}".utf8)
            #expect(try await Harness.call("POST", url, body: large).status == 413)
            for wrong in [
                "{}", "{\"username\":\"profilectl\",\"password\":\"wrong\"}", "{\"username\":\"\",\"password\":\"\"}",
                "{\"username\":[\"profilectl\"],\"password\":{\"a\":1}}",
            ] {
                #expect(try await Harness.call("POST", url, body: Data(wrong.utf8)).status == 401, "\(wrong)")
            }
            let unknown = "{\(good),\"requestId\":\"r-9\",\"deviceIds\":[{\"kind\":\"eid\",\"id\":\"999\"}]}"
            #expect(try await Harness.call("POST", url, body: Data(unknown.utf8)).status == 200)
            #expect(try await Harness.call("GET", url).status == 404)
            #expect(try await Harness.call("POST", url + "/else").status == 404)

            let success =
                "{\(good),\"requestId\":\"r-1\",\"deviceIds\":[{\"kind\":\"eid\",\"id\":\"\(key.eid)\"}],"
                + "\"deviceResponse\":{\"deviceProfileResponse\":{\"euiccStatus\":\"EXECUTED_SUCCESS\"}}}"
            #expect(try await Harness.call("POST", url, body: Data(success.utf8)).status == 200)
            let record = try await settled(store, key, wakeup: wakeup)
            #expect(record.operation?.phase == .succeeded)
        }
        let (counts, counters) = try await store.read { (try $0.callbackCounts(), try $0.counters()) }
        #expect(counts[.unknownDevice] == 1)
        #expect(counts[.settled] == 1)
        #expect(counters["callbacks.malformed"] == 7)
        #expect(counters["callbacks.tooLarge"] == 1)
        #expect(counters["callbacks.wrongCredentials"] == 4)
        #expect(counters["callbacks.wrongPath"] == 1)
        #expect(counters["callbacks.otherRequest"] == 1)
    }

    @Test("a burst of callbacks is kept to the last one")
    func burst() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Harness.withListener(store, credentials: Self.open) { url in
            await withTaskGroup(of: Int?.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        try? await Harness.call("POST", url, body: Data("{\"requestId\":\"r-\(number)\"}".utf8)).status
                    }
                }
                for await status in group { #expect(status == 200) }
            }
            let stored1 = try await store.read { try $0.callbackCounts().values.reduce(0, +) }
            #expect(stored1 == 300)
        }
    }

    @Test("who calls again and again on one connection loses no call when one listener gives way to another")
    func givesWay() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let stops = [Wakeup(), Wakeup()]
        let listener = CallbackListener(
            configuration: CallbackListenerConfiguration(
                host: "127.0.0.1", port: socket.port, path: "/callbacks", credentials: Self.open),
            store: store, clock: SystemClock(), policy: ConvergencePolicy(), wakeup: Wakeup(), logger: Harness.quiet)
        let client = HTTPTransport.makeClient()
        func statuses(_ numbers: Range<Int>) async throws -> [UInt] {
            var statuses: [UInt] = []
            for number in numbers {
                var request = HTTPClientRequest(url: "http://127.0.0.1:\(socket.port)/callbacks")
                request.method = .POST
                request.body = .bytes(ByteBuffer(string: "{\"requestId\":\"r-\(number)\"}"))
                let response = try await client.execute(request, timeout: .seconds(60))
                _ = try await response.body.collect(upTo: 1 << 10)
                statuses.append(response.status.code)
            }
            return statuses
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.run(on: socket, until: stops[0], othersListen: { true }, onListening: { _ in })
            }
            var answers = try await statuses(0..<50)
            group.addTask { try await listener.run(on: socket, until: stops[1], onListening: { _ in }) }
            stops[0].notify()
            answers += try await statuses(50..<300)
            #expect(answers == Array(repeating: 200, count: 300))
            stops[1].notify()
            try await group.waitForAll()
        }
        try await client.shutdown()
    }

    @Test("an unsolicited message is a hint: known state stays (F57)")
    func observation() async throws {
        let key = try Fleets.key(3)
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await store.write { try $0.save([DeviceRecord(key: key, account: Fleets.account)]) }
        let wakeup = Wakeup()
        try await Harness.withListener(store, wakeup: wakeup, credentials: Self.open) { url in
            let body =
                "{\"requestId\":\"theirs\",\"deviceIds\":[{\"kind\":\"Iccid\",\"id\":\"\(key.iccid)\"}],"
                + "\"deviceResponse\":{\"deviceProfileResponse\":{\"profileStatus\":\"DISABLE\",\"euiccStatus\":\"EXECUTED_SUCCESS\"}}}"
            #expect(try await Harness.call("POST", url, body: Data(body.utf8)).status == 200)
            let record = try await settled(store, key, wakeup: wakeup)
            #expect(record.observation == nil && record.hint?.suggests == .downloadedDisabled)
            let stored2 = try await store.read { try $0.callbackCounts() }
            #expect(stored2 == [.observation: 1])
        }
    }
}
