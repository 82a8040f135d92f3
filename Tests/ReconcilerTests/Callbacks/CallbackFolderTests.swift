import Testing

@testable import Reconciler

@Suite("How kept callbacks take effect")
struct CallbackFolderTests {
    private let clock = ManualClock()
    private let policy = ConvergencePolicy()

    /// Adds an operation under a request that the carrier has taken.
    private func submit(_ store: SQLiteStore, _ key: DeviceKey, attempt: Int, requestID: String) async throws {
        let (now, policy) = (clock.now(), policy)
        try await store.write { transaction in
            if try transaction.devices([key])[key] == nil {
                try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            }
            var request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now)
            request.outcome = .accepted(RequestID(requestID))
            try transaction.update(request)
            let intent = OperationIntent(
                key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: attempt)
            var operations = try transaction.addOperations([intent], under: request.number, at: now)
            _ = operations[0].received(.accepted(RequestID(requestID)), at: now, policy: policy)
            try transaction.update(operations)
        }
    }

    /// Lets one message take effect.
    /// - Returns: how many messages were read.
    @discardableResult
    private func receive(_ store: SQLiteStore, _ text: String, wakeup: Wakeup = Wakeup()) async throws -> Int {
        let callback = try ReceivedCallback(json: Array(text.utf8)).kept(at: clock.now())
        try await store.write { try $0.keep([callback]) }
        return try await CallbackFolder(store: store, clock: clock, policy: policy, wakeup: wakeup).readAll()
    }

    private func failure(_ key: DeviceKey, requestID: String) -> String {
        """
        {"requestId":"\(requestID)","deviceIds":[{"kind":"Iccid","id":"\(key.iccid)"}],"status":"Failed",
        "deviceResponse":{"deviceProfileResponse":{"euiccErrorCode":"8.1,5.1","euiccErrorDesc":"not reached"}}}
        """
    }

    private func phase(_ store: SQLiteStore, _ key: DeviceKey) async throws -> Operation.Phase? {
        try await store.read { try $0.devices([key])[key]?.operation?.phase }
    }

    @Test("somebody else's failure ends nothing and leads to a lookup (F55)")
    func foreignFailure() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        try await submit(store, key, attempt: 1, requestID: "r-1")
        let inFlight = try await phase(store, key)
        try await receive(store, failure(key, requestID: "theirs"))
        #expect(try await phase(store, key) == inFlight)
        let hint = try await store.read { try $0.devices([key])[key]?.hint }
        #expect(hint?.kind == .otherFailure && hint?.lookupAt == clock.now())
    }

    @Test("a failure that others report as done is looked up")
    func refutedFailure() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        try await submit(store, key, attempt: 1, requestID: "r-1")
        try await receive(store, failure(key, requestID: "r-1"))
        clock.advance(by: .seconds(60))
        try await receive(
            store,
            """
            {"requestId":"theirs","deviceIds":[{"kind":"Iccid","id":"\(key.iccid)"}],"status":"Success",
            "deviceResponse":{"deviceProfileResponse":{"profileStatus":"DOWNLOAD_ENABLE",
            "euiccStatus":"EXECUTED_SUCCESS"}}}
            """)
        guard case .failed = try await phase(store, key) else { return #expect(Bool(false), "a hint is no outcome") }
        let record = try await store.read { try $0.devices([key])[key] }
        #expect(record?.hint?.suggests == .downloadedEnabled && record?.observation == nil)
    }

    @Test("a failure under another requestId may be an earlier attempt's, late: it does not end the one in flight")
    func lateForeignFailure() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(2)
        try await submit(store, key, attempt: 1, requestID: "r-1")
        try await receive(store, failure(key, requestID: "r-1"))
        clock.advance(by: .seconds(60))
        try await submit(store, key, attempt: 2, requestID: "r-2")
        let inFlight = try await phase(store, key)
        try await receive(store, failure(key, requestID: "theirs"))
        #expect(try await phase(store, key) == inFlight, "what is in flight would be asked for a third time")
        try await receive(store, failure(key, requestID: "r-2"))
        guard case .failed = try await phase(store, key) else { return #expect(Bool(false), "the failure is lost") }
    }

    @Test("an answer that came before the name of its request is left for later without being told as read")
    func earlyDeviceList() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(3)
        let now = clock.now()
        var request = try await store.write { transaction in
            try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            return try transaction.addRequest(
                .deviceList(profileStatusFilter: nil), account: Fleets.account, deviceCount: 1, at: now)
        }
        let wakeup = Wakeup()
        let seen = wakeup.count
        let answer = """
            {"requestId":"l-1","deviceResponse":{"deviceList":[{"deviceIds":[{"kind":"iccid","id":"\(key.iccid)"}],
            "state":"Active","profileStatus":"ENABLE"}]}}
            """
        #expect(try await receive(store, answer, wakeup: wakeup) == 0)
        #expect(wakeup.count == seen, "who waits for a change would look again at once, and again")
        request.outcome = .accepted(RequestID("l-1"))
        let accepted = request
        try await store.write { try $0.update(accepted) }
        #expect(try await CallbackFolder(store: store, clock: clock, policy: policy, wakeup: wakeup).readAll() == 1)
        let (answered, texts) = try await store.read { reader in
            (try reader.request(accepted.number)?.outcome, try reader.deviceListAnswers(to: accepted.number))
        }
        #expect(answered == .answered(RequestID("l-1")))
        #expect(texts.count == 1)
        #expect(try await store.read { try $0.devices([key])[key]?.observation } == nil, "who has asked reads it")
    }

    @Test("answers that are left for later hold up nothing that came after them (F34)")
    func behindHeldAnswers() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(7)
        let now = clock.now()
        try await submit(store, key, attempt: 1, requestID: "r-1")
        _ = try await store.write { transaction in
            try transaction.addRequest(
                .deviceList(profileStatusFilter: nil), account: Fleets.account, deviceCount: 1, at: now)
        }
        let held = try (0...CallbackFolder.batchSize).map { number in
            let text = """
                {"requestId":"l-\(number)","deviceResponse":{"deviceList":[{"deviceIds":[
                {"kind":"iccid","id":"\(key.iccid)"}],"state":"Active","profileStatus":"ENABLE"}]}}
                """
            return try ReceivedCallback(json: Array(text.utf8)).kept(at: now)
        }
        try await store.write { try $0.keep(held) }
        #expect(try await receive(store, failure(key, requestID: "r-1")) == 1)
        guard case .failed = try await phase(store, key) else { return #expect(Bool(false), "it was not read") }
        let unread = try await store.read { try $0.unreadCallbacks(limit: 1000).count }
        #expect(unread == held.count, "they still wait for the name of their request")
    }

    @Test(
        "identifiers that contradict each other name no device")
    func namedTwice() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let (key, other, third) = (try Fleets.key(4), try Fleets.key(5), try Fleets.key(6))
        for (number, key) in [key, other, third].enumerated() {
            try await submit(store, key, attempt: 1, requestID: "r-\(number)")
        }
        func message(top: [(String, String)], within: [(String, String)]) -> String {
            func list(_ ids: [(String, String)]) -> String {
                "[" + ids.map { "{\"kind\":\"\($0.0)\",\"id\":\"\($0.1)\"}" }.joined(separator: ",") + "]"
            }
            return """
                {"requestId":"theirs","deviceIds":\(list(top)),"deviceResponse":{"deviceProfileResponse":{
                "deviceIdentifierCollection":\(list(within)),"profileStatus":"DOWNLOAD_ENABLE",
                "euiccStatus":"EXECUTED_SUCCESS"}}}
                """
        }
        // In one batch, so that what is looked up for one message is there for all.
        let texts = [
            message(
                top: [("Eid", "\(key.eid)"), ("Iccid", "\(other.iccid)")], within: [("Iccid", "\(third.iccid)")]),
            message(top: [("Eid", "89049032999999999999999999999999")], within: [("iccid", "\(third.iccid)")]),
        ]
        let now = clock.now()
        let callbacks = try texts.map { try ReceivedCallback(json: Array($0.utf8)).kept(at: now) }
        try await store.write { try $0.keep(callbacks) }
        try await CallbackFolder(store: store, clock: clock, policy: policy, wakeup: Wakeup()).readAll()
        // The first names an ICCID that is none of the eUICC's profiles, the second an eUICC that is not the device's.
        for key in [key, third, other] {
            guard case .submitted = try await phase(store, key) else {
                return #expect(Bool(false), "a message about another profile was taken for this one's")
            }
        }
        let counts = try await store.read { try $0.callbackCounts() }
        #expect(counts == [.otherProfile: 1, .observation: 1])
        #expect(try await store.read { try $0.devices([third])[third]?.hint?.kind } == .unclearMessage)
    }
}
