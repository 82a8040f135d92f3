import Testing

@testable import Reconciler

@Suite("The turns of calls for lists")
struct PacedListTests {
    /// A pacer in whose store an account stands in line with all others.
    private func pacer(_ store: SQLiteStore, _ clock: any WallClock, rate: Double = 1000) -> RequestPacer {
        RequestPacer(store: store, clock: clock, rates: [Fleets.account: rate])
    }

    private func reader(_ carrier: ListCarrier, _ pacer: RequestPacer, _ clock: any WallClock) -> AccountListReader {
        AccountListReader(
            carrier: carrier, pacer: pacer, clock: clock, stop: StopSwitch(wakeup: Wakeup()), longestWait: .seconds(5))
    }

    private static func busy(_ retryAfter: Duration) -> CarrierRefusal {
        CarrierRefusal(
            classification: .throttled(retryAfter: retryAfter), code: nil, message: "", explanation: "Too many.")
    }

    @Test("each page of the v1 list takes a turn of its account")
    func pages() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = LeapingClock()
        let carrier = ListCarrier(
            store, clock, page: { last in AccountDevicePage(rows: [], next: last < 3 ? last + 1 : nil) })
        try await reader(carrier, pacer(store, clock, rate: 0.25), clock).read(Fleets.account) { _, _ in }
        let pace = try await store.write { try $0.pace(of: Fleets.account) }
        // Four turns, four seconds from one to the next.
        #expect(pace.nextAt - pace.takenAt.milliseconds * 1000 == 4_000_000)
        #expect(clock.leaps == 3)
    }

    @Test("a busy v1 list is told to all processes; who is told to come much later does not wait")
    func busyList() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let carrier = ListCarrier(
            store, clock, page: { _ throws(CarrierError) in throw .refused(Self.busy(.seconds(60))) })
        let until = clock.now() + .seconds(60)
        await #expect(throws: AccountBusy(until: until)) {
            try await reader(carrier, pacer(store, clock), clock).read(Fleets.account) { _, _ in }
        }
        let pace = try await store.write { try $0.pace(of: Fleets.account) }
        #expect(pace.busyUntil == until)
        let turn = try await store.write {
            try pacer(store, clock).takeTurn(for: Fleets.account, at: clock.now(), in: $0)
        }
        #expect(turn == .notBefore(until))
        // A v2 list of another process waits for the same time, and writes no request down.
        let wakeup = Wakeup()
        let asker = DeviceListAsker(
            store: store, carrier: carrier, pacer: pacer(store, clock), clock: clock, wakeup: wakeup,
            stop: StopSwitch(wakeup: wakeup), timeout: .seconds(60), pollInterval: .seconds(1),
            longestWait: .seconds(5), run: RunNumber(1))
        let asked = try await asker.ask(DeviceListQuestion.aboutAccount, of: Fleets.account)
        #expect(asked.map(\.problem) == Array(repeating: .busy(until: until), count: 7))
        #expect(carrier.questions.isEmpty)
    }

    @Test("what a carrier has told before it was busy is kept, and nothing is concluded from the rest")
    func partialLookup() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(120, rollout: Fleets.quick))
        let keys = fleet.devices.map(\.key)
        let clock = SystemClock()
        let carrier = ListCarrier(
            store, clock, rows: { _ in [ListCarrier.message(Array(keys.prefix(50)), status: "ENABLE")] },
            refusal: { $0 == 2 ? Self.busy(.seconds(600)) : nil })
        let result = try await carrier.lookUp(keys)
        guard case .busy = result.problem else {
            Issue.record("\(result)")
            return
        }
        #expect(result.answered == Set(keys.prefix(50)))
        let known = try await store.read { try $0.devices(keys) }
        #expect(known.count == 50, "those of the first answer; nothing is concluded of the others")
        #expect(known.values.allSatisfy { $0.observation?.state == .downloadedEnabled && $0.service != .notOnAccount })
    }
}
