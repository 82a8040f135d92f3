import Foundation
import GRDB
import Simulator
import Testing

@testable import Reconciler

@Suite("What a store forgets")
struct HistoryLimitTests {
    private static let day = Duration.seconds(86_400)
    private static let kept = day * 30

    /// Two stores to which the same happens, one of which forgets.
    private struct Twins {
        let folder: TemporaryFolder
        let clock = ManualClock()
        let policy = ConvergencePolicy()
        let forgetful: SQLiteStore
        let mindful: SQLiteStore

        init() throws {
            folder = try TemporaryFolder()
            forgetful = try SQLiteStore(path: folder.path + "/forgetful.db")
            mindful = try SQLiteStore(path: folder.path + "/mindful.db")
        }

        var limit: HistoryLimit { HistoryLimit(store: forgetful, clock: clock, kept: HistoryLimitTests.kept) }

        /// Does the same in both.
        @discardableResult
        func both<Result: Sendable & Equatable>(
            _ work: @escaping @Sendable (any StateTransaction) throws -> Result
        ) async throws -> Result {
            let result = try await forgetful.write(work)
            #expect(try await mindful.write(work) == result)
            return result
        }

        func receive(_ text: String) async throws {
            let callback = try ReceivedCallback(json: Array(text.utf8)).kept(at: clock.now())
            for store in [forgetful, mindful] {
                try await store.write { try $0.keep([callback]) }
                try await CallbackFolder(store: store, clock: clock, policy: policy, wakeup: Wakeup()).readAll()
            }
        }

        /// Asks for an action on devices.
        func submit(_ keys: [DeviceKey], _ action: ProfileAction, requestID: String, isAnswered: Bool) async throws {
            let (now, policy) = (clock.now(), policy)
            try await both { transaction in
                let run = try transaction.startRun(RunCause(command: "test", person: "a test", process: 1), at: now)
                let known = try transaction.devices(keys)
                try transaction.save(
                    keys.filter { known[$0] == nil }.map { DeviceRecord(key: $0, account: Fleets.account) })
                var request = try transaction.addRequest(
                    .action(action, Fleets.smsr), account: Fleets.account, deviceCount: keys.count, at: now, by: run)
                let intents = keys.map {
                    OperationIntent(
                        key: $0, action: action, account: Fleets.account, smsr: Fleets.smsr, attempt: 1, run: run)
                }
                var operations = try transaction.addOperations(intents, under: request.number, at: now)
                try transaction.append(
                    operations.map { StateEvent(at: now, device: $0.key, kind: .intended, operation: $0.id, run: run) })
                if isAnswered {
                    request.outcome = .accepted(RequestID(requestID))
                    try transaction.update(request)
                    for index in operations.indices {
                        _ = operations[index].received(.accepted(RequestID(requestID)), at: now, policy: policy)
                    }
                    try transaction.update(operations)
                }
                try transaction.endRun(run, as: "everything was done", at: now)
                return request.number
            }
        }

        /// Whether both know the same of all devices, and would do the same for each wish. A message under a request that
        /// was forgotten is taken for somebody else's: it can only raise a doubt, which leads to a lookup.
        func expectSame(_ fleets: [DesiredFleet], _ keys: [DeviceKey], _ comment: Comment) async throws {
            let (one, other) = (
                try await forgetful.read { try $0.devices(keys) }, try await mindful.read { try $0.devices(keys) }
            )
            func inDoubt(_ records: [DeviceKey: DeviceRecord]) -> Set<DeviceKey> {
                Set(records.values.filter { $0.hint != nil }.map(\.key))
            }
            func withoutDoubts(_ records: [DeviceKey: DeviceRecord]) -> [DeviceKey: DeviceRecord] {
                records.mapValues { record in
                    var certain = record
                    certain.hint = nil
                    certain.version = 0
                    return certain
                }
            }
            #expect(withoutDoubts(one) == withoutDoubts(other), comment)
            #expect(inDoubt(one).isSuperset(of: inDoubt(other)), comment)
            let plans = [one, other].map { records in
                let known = KnownFleet(withoutDoubts(records).values)
                return fleets.map { fleet in
                    let plan = Planner(now: clock.now()).plan(desired: fleet, known: known)
                    return ["\(plan.convergedCount)"] + plan.actions.map { "\($0)" } + plan.exceptions.map { "\($0)" }
                }
            }
            #expect(plans[0] == plans[1], comment)
        }
    }

    private static func message(
        _ key: DeviceKey, _ requestID: String, status: String?, kind: Int, number: Int
    ) -> String {
        let ids = #"[{"kind":"eid","id":"\#(key.eid)"},{"kind":"iccid","id":"\#(key.iccid)"}]"#
        let response =
            switch kind {
            case 0: #""profileStatus":"\#(status ?? "")","euiccStatus":"EXECUTED_SUCCESS""#
            case 1: #""euiccErrorCode":"8.1,5.1","euiccErrorDesc":"not reached""#
            default: #""profileStatus":"\#(status ?? "")","euiccStatus":"EXECUTED_WITHWARNING""#
            }
        return """
            {"requestId":"\(requestID)","deviceIds":\(ids),"note":\(number),"deviceResponse":{
            "deviceProfileResponse":{\(response)}}}
            """
    }

    @Test(
        "plans, known state and what later callbacks come to are the same as if nothing had been forgotten",
        .timeLimit(.minutes(2)), arguments: [1, 2, 3, 4] as [UInt64])
    func nothingNeeded(_ seed: UInt64) async throws {
        let twins = try Twins()
        var random = SeededGenerator(seed: seed)
        let keys = try (0..<24).map { try Fleets.key($0) }
        let fleets = [
            try await Fleets.fleet(try Fleets.yaml(24)),
            try await Fleets.fleet(try Fleets.yaml(24, state: "downloaded-disabled")),
        ]
        let statuses = ["DOWNLOAD_ENABLE", "DISABLE", "ENABLE", "NOT_DOWNLOADED"]
        var requests: [(id: String, keys: [DeviceKey], at: Timestamp)] = []
        var told: [(id: String, key: DeviceKey, text: String)] = []
        var forgotten = 0
        for step in 0..<220 {
            twins.clock.advance(by: .seconds(Int.random(in: 1...2 * 86_400, using: &random)))
            // Devices whose last call is still open are called no more, as with a run.
            let known = try await twins.mindful.read { try $0.devices(keys) }
            let free = keys.filter { known[$0]?.operation?.isOpen != true }.shuffled(using: &random)
            let batch = Array(free.prefix(Int.random(in: 1...4, using: &random)))
            if !batch.isEmpty {
                let action = try #require(ProfileAction.allCases.randomElement(using: &random))
                try await twins.submit(
                    batch, action, requestID: "r-\(step)", isAnswered: Int.random(in: 0..<12, using: &random) > 0)
                requests.append(("r-\(step)", batch, twins.clock.now()))
            }
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                let request = requests.suffix(6).randomElement(using: &random)
                let carried = request?.keys ?? keys
                let key = try #require(carried.randomElement(using: &random))
                let isForeign = Int.random(in: 0..<6, using: &random) == 0
                let id = isForeign ? "theirs-\(step)" : request?.id ?? "none"
                let text = Self.message(
                    key, id, status: statuses.randomElement(using: &random),
                    kind: Int.random(in: 0...2, using: &random),
                    number: Int.random(in: 0...3, using: &random))
                try await twins.receive(text)
                told.append((id, key, text))
            }
            if step % 11 == 10 {
                forgotten += try await twins.limit.enforce()
                try await twins.expectSame(fleets, keys, "seed \(seed), step \(step)")
            }
        }
        #expect(forgotten > 300, "\(forgotten)")
        // What the carrier may still say: of requests that are not older than the history, and of the latest one of a
        // device, however old it is.
        let known = try await twins.mindful.read { try $0.devices(keys) }
        let since = twins.clock.now() - Self.kept
        var latest: Set<String> = []
        for number in Set(known.values.compactMap { $0.operation?.request }) {
            if let id = try await twins.mindful.read({ try $0.request(number)?.requestID }) { latest.insert("\(id)") }
        }
        let speakable = requests.filter { $0.at > since || latest.contains($0.id) } + [("theirs", keys, since)]
        for (number, request) in speakable.shuffled(using: &random).enumerated() {
            for key in request.keys {
                try await twins.receive(
                    Self.message(
                        key, request.id, status: statuses.randomElement(using: &random),
                        kind: Int.random(in: 0...2, using: &random), number: 1000 + number))
                // Numbers of what is written from now on are those that they would be.
                let now = twins.clock.now()
                let events = try await [twins.forgetful, twins.mindful].asyncMap { store in
                    try await store.read { try $0.timeline(of: key.eid).filter { $0.at == now } }
                }
                #expect(events[0] == events[1])
            }
        }
        try await twins.expectSame(fleets, keys, "seed \(seed), later callbacks")
        // A message that was forgotten comes once more. One about a device with an operation under way is left out: a
        // success completes that, whichever request it names.
        let open = try await twins.mindful.read { try $0.devicesInFlight() }.map(\.key)
        for message in told where latest.contains(message.id) && !open.contains(message.key) {
            try await twins.receive(message.text)
        }
        try await twins.expectSame(fleets, keys, "seed \(seed), repeats")
    }

    @Test("what is open, unread, in force or counted stays, however old it is, and so does the latest of each device")
    func whatStays() async throws {
        let twins = try Twins()
        let store = twins.forgetful
        let (open, done, again) = (try Fleets.key(1), try Fleets.key(2), try Fleets.key(3))
        try await twins.submit([open], .downloadEnable, requestID: "open", isAnswered: true)
        try await twins.submit([done, again], .downloadEnable, requestID: "done", isAnswered: true)
        for key in [done, again] {
            try await twins.receive(Self.message(key, "done", status: "DOWNLOAD_ENABLE", kind: 0, number: 0))
        }
        try await twins.submit([again], .disable, requestID: "again", isAnswered: true)
        try await twins.receive(Self.message(again, "again", status: "DISABLE", kind: 0, number: 0))
        try await twins.submit([again], .enable, requestID: "last", isAnswered: true)
        try await twins.receive(Self.message(again, "last", status: "ENABLE", kind: 0, number: 0))
        let at = twins.clock.now()
        try await twins.both { transaction in
            try transaction.keep([NewCallback(receivedAt: at, digest: [9], redactedText: "{}")])
            try transaction.save(SignInRecord(credential: "x", refusals: 2, at: at))
            _ = try transaction.startRollout(of: "open", at: at)
            let ended = try transaction.startRollout(of: "ended", at: at)
            try transaction.endRollout(ended.number, at: at)
            _ = try transaction.startRollout(of: "later", at: at)
            return 0
        }
        twins.clock.advance(by: Self.day * 400)
        let count = try await twins.limit.enforce()
        #expect(count > 0)
        try await store.read { reader in
            let open = try reader.requests([
                RequestID("open"), RequestID("done"), RequestID("again"), RequestID("last"),
            ])
            #expect(Set(open.keys.map(\.description)) == ["open", "done", "last"])
            let number = try #require(open[RequestID("done")]?.number)
            #expect(try reader.operations(under: number).count == 2, "a request is kept whole")
            #expect(try reader.runs(open.values.compactMap(\.run)).count == 3)
            #expect(try reader.unreadCallbacks(limit: 9).count == 1)
            #expect(try reader.callbackCounts().values.reduce(0, +) == 1)
            #expect(try reader.signIns().map(\.refusals) == [2])
            #expect(try reader.openRollouts().map(\.profileSet) == ["open", "later"])
            let timeline = try reader.timeline(of: done.eid)
            #expect(timeline.map(\.kind).contains(.succeeded), "how it came to be as it is")
            #expect(try Set(reader.timeline(of: again.eid).map(\.operation)).count == 1)
        }
        #expect(try await twins.limit.enforce() == 0)
    }

    @Test("what is forgotten in the order of time is found although the clock was set back and forth")
    func clock() async throws {
        let twins = try Twins()
        let key = try Fleets.key(1)
        let now = twins.clock.now()
        // Days before now, in the order in which they are written.
        let days = [50, 45, 2, 44, 43, 42, 41, 40, 60, 1, 0]
        try await twins.both { transaction in
            try transaction.append(
                days.map { StateEvent(at: now - Self.day * $0, device: key, kind: .observed, detail: "\($0)") })
            return 0
        }
        try await twins.limit.enforce()
        let left = try await twins.forgetful.read { try $0.timeline(of: key.eid).map(\.detail) }
        #expect(left == ["2", "1", "0"])
    }

    /// Adds an event that is older than the usual history, and one that is not.
    private static func age(_ store: SQLiteStore) async throws {
        let (key, now) = (try Fleets.key(9), SystemClock().now())
        try await store.write { transaction in
            try transaction.append(
                [100, 80].map { StateEvent(at: now - day * $0, device: key, kind: .observed, detail: "\($0)") })
        }
    }

    private static func details(_ store: SQLiteStore) async throws -> [String] {
        let eid = try Fleets.eid(9)
        return try await store.read { try $0.timeline(of: eid).map(\.detail) }
    }

    @Test("an apply forgets at its end")
    func apply() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        try await Self.age(store)
        let fleet = try await Fleets.fleet(try Fleets.yaml(1, rollout: Fleets.quick))
        try await Harness.withSimulator(Harness.inventory(fleet)) { _, baseURL in
            let report = try await Harness.apply(fleet, to: baseURL, store: store)
            #expect(report.converged == 1)
        }
        #expect(try await Self.details(store) == ["80"])
    }

    @Test("a controller forgets by itself", .timeLimit(.minutes(5)))
    func serve() async throws {
        try await ControllerScene.with(["a.yaml": try Fleets.yaml(1)], prepare: Self.age) { scene in
            let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(50))
            let isForgotten = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                try await Self.details(scene.store) == ["80"] ? true : nil
            }
            #expect(isForgotten == true)
        }
    }

    @Test("the file stops growing: what is forgotten makes room for what comes", .timeLimit(.minutes(2)))
    func size() async throws {
        let twins = try Twins()
        let keys = try (0..<200).map { try Fleets.key($0) }
        var sizes: [Int] = []
        for month in 0..<8 {
            for day in 0..<6 {
                twins.clock.advance(by: Self.day * 5)
                let id = "r-\(month)-\(day)"
                try await twins.submit(keys, day % 2 == 0 ? .disable : .enable, requestID: id, isAnswered: true)
                let texts = keys.map {
                    Self.message($0, id, status: day % 2 == 0 ? "DISABLE" : "ENABLE", kind: 0, number: 0)
                }
                let now = twins.clock.now()
                let callbacks = try texts.map { try ReceivedCallback(json: Array($0.utf8)).kept(at: now) }
                try await twins.forgetful.write { try $0.keep(callbacks) }
                try await CallbackFolder(
                    store: twins.forgetful, clock: twins.clock, policy: twins.policy, wakeup: Wakeup()
                ).readAll()
                try await twins.limit.enforce()
            }
            let pages = try await DatabaseQueue(path: twins.folder.path + "/forgetful.db").read { db in
                try Int.fetchOne(db, sql: "SELECT page_count FROM pragma_page_count()")
            }
            sizes.append(try #require(pages))
        }
        let (early, late) = (try #require(sizes.dropFirst(2).first), try #require(sizes.last))
        #expect(late <= early + early / 20, "\(sizes)")
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<Result>(_ work: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await work(element)) }
        return results
    }
}
