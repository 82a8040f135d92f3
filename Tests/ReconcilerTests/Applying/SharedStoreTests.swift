import Foundation
import Testing

@testable import Reconciler

@Suite("Runs that share a store")
struct SharedStoreTests {
    private let folder: TemporaryFolder
    private let store: SQLiteStore
    private let wakeup = Wakeup()

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: folder.path + "/state.db")
    }

    private func lock(_ set: String) -> RunLock {
        RunLock(
            store: store, clock: SystemClock(), owner: RunOwner(command: "apply \(set)"), profileSets: [set])
    }

    private func apply(
        _ fleet: DesiredFleet, _ carrier: ScriptedCarrier, lock: RunLock? = nil, timeout: Duration = .seconds(300),
        backOff: BackOff = BackOff(first: .milliseconds(100)), waits: Bool = false, clock: any WallClock = SystemClock()
    ) async throws -> ApplyReport {
        let options = ApplyOptions(
            verification: .trust, waitsForConvergence: waits, timeout: timeout, pollInterval: .milliseconds(50),
            backOff: backOff)
        return try await ApplyRun(
            goal: .fleet(fleet), store: store, carrier: carrier, clock: clock, wakeup: wakeup, options: options,
            stop: StopSwitch(wakeup: wakeup), lock: lock
        ).run { _ in }
    }

    /// Writes down that a device was asked for something as part of a profile set.
    private func ask(for key: DeviceKey, of set: String) async throws -> Reconciler.Operation {
        try await store.write { transaction in
            let now = SystemClock().now()
            try transaction.save([DeviceRecord(key: key, account: Fleets.account, service: .active)])
            let request = try transaction.addRequest(
                .action(.downloadEnable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now)
            let intent = OperationIntent(
                key: key, action: .downloadEnable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1,
                profileSet: set)
            return try transaction.addOperations([intent], under: request.number, at: now)[0]
        }
    }

    /// Ends an operation with a success.
    private func end(_ operation: Reconciler.Operation) async throws {
        try await store.write { transaction in
            var record = try #require(try transaction.devices([operation.key])[operation.key])
            record.operation?.phase = .succeeded
            record.learn(.downloadedEnabled, status: nil, at: SystemClock().now(), source: .callback)
            try transaction.update([record.operation].compactMap { $0 })
            try transaction.save([record])
        }
    }

    @Test("a device that another run acts on under another set's name is not acted on, and the run ends with that")
    func sameDeviceInTwoSets() async throws {
        let disabled = try await Fleets.fleet(try Fleets.yaml(1, name: "z", state: "downloaded-disabled"))
        try await end(try await ask(for: try Fleets.key(0), of: "a"))
        let carrier = ScriptedCarrier()
        try await lock("a").hold {
            let z = lock("z")
            let error = await #expect(throws: RunLockHeld.self) {
                try await z.hold { _ = try await apply(disabled, carrier, lock: z) }
            }
            for part in ["profile set z", "profile set a", "`profilectl apply a`", "\(try Fleets.key(0))"] {
                #expect(error?.description.contains(part) == true, "\(String(describing: error))")
            }
        }
        #expect(carrier.devices.isEmpty)
        let runs = try await store.read { try $0.latestRuns(limit: 9) }
        #expect(runs.isEmpty, "a run that has not begun leaves no trace")
        // When the other run has ended, the wish of this one holds.
        let z = lock("z")
        _ = try await z.hold { try await apply(disabled, carrier, lock: z) }
        #expect(carrier.devices == [try Fleets.key(0)])
    }

    @Test("an eUICC with an operation for a profile that this run does not name is left alone until that has landed")
    func cardUnderWay() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let other = DeviceKey(eid: try Fleets.eid(0), iccid: try Fleets.iccid(77))
        let operation = try await ask(for: other, of: "other")
        // It was taken by the carrier; its callback is awaited.
        try await store.write { transaction in
            var operation = operation
            operation.phase = .submitted(RequestID("x"), deadline: SystemClock().now() + .seconds(600))
            try transaction.update([operation])
        }
        let carrier = ScriptedCarrier()
        let report = try await apply(fleet, carrier, timeout: .milliseconds(300), waits: true)
        #expect(report.ending == .timedOut && carrier.devices.isEmpty)
        try await end(operation)
        _ = try await apply(fleet, carrier)
        #expect(carrier.devices == [try Fleets.key(0)])
    }

    @Test("a busy carrier makes other processes on the store wait too, and a success lets them go on")
    func busyForAll() async throws {
        let clock = ManualClock()
        func pacer() -> RequestPacer {
            RequestPacer(
                store: store, clock: clock, rates: [Fleets.account: 5], backOff: BackOff(), chance: SystemChance())
        }
        let (first, second) = (pacer(), pacer())
        let sentAt = clock.now()
        let taken = try await store.write { try first.takeTurn(for: Fleets.account, at: sentAt, in: $0) }
        let next = try await store.write { try second.takeTurn(for: Fleets.account, at: sentAt, in: $0) }
        #expect(taken == .now && next == .notBefore(sentAt + .milliseconds(200)), "one line")
        let until = try await first.wasBusy(Fleets.account, sentAt: sentAt, retryAfter: .seconds(30))
        #expect(until == sentAt + .seconds(30))
        clock.advance(by: .seconds(29))
        let now = clock.now()
        let turn = try await store.write { try second.takeTurn(for: Fleets.account, at: now, in: $0) }
        #expect(turn == .notBefore(until))
        let elsewhere = try await store.write { try second.takeTurn(for: AccountName("9-9"), at: now, in: $0) }
        #expect(elsewhere == .now, "another account is another line")
    }

    @Test("a carrier that is busy is asked again later and later, and then all devices are asked for once")
    func busyCarrier() async throws {
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(6, rollout: "rollout: {batchSize: 2, requestsPerSecond: 1000}"))
        let refusal = CarrierRefusal(
            classification: .throttled(retryAfter: nil), code: nil, message: "", explanation: "Too many requests.")
        let carrier = ScriptedCarrier(outcome: { $0 <= 3 ? .refused(refusal) : .accepted(RequestID("r-\($0)")) })
        let report = try await apply(fleet, carrier)
        #expect(report.ending == .asked)
        let inFlight = try await store.read { try $0.devicesInFlight() }
        #expect(inFlight.count == 6)
        let refusals = try await store.write { try $0.pace(of: Fleets.account).refusals }
        #expect(refusals == 0, "the success begins anew")
    }

    @Test("a machine so slow that it is always time for the next look asks for all devices", .timeLimit(.minutes(2)))
    func slowMachine() async throws {
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(6, rollout: "rollout: {batchSize: 2, requestsPerSecond: 1000}"))
        let carrier = ScriptedCarrier(outcome: { .accepted(RequestID("r-\($0)")) })
        let report = try await apply(
            fleet, carrier, timeout: .seconds(86_400), clock: StridingClock(stride: .milliseconds(600)))
        #expect(report.ending == .asked)
        #expect(carrier.devices.count == 6)
    }

    @Test("a carrier that asks for a long wait is left alone, and the run ends at its own time")
    func longWait() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(2, rollout: "rollout: {batchSize: 1}"))
        let refusal = CarrierRefusal(
            classification: .temporarilyUnavailable(retryAfter: .seconds(1800)), code: nil, message: "",
            explanation: "Not available.")
        let carrier = ScriptedCarrier(outcome: { _ in .refused(refusal) })
        let report = try await apply(fleet, carrier, timeout: .milliseconds(500), waits: true)
        #expect(report.ending == .timedOut)
        #expect(carrier.requestCount <= 2, "only what was under way already")
    }

    @Test("lookups wait for their turn too, and nothing is sent before the carrier had time for them")
    func busyLookup() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(2))
        let refusal = CarrierRefusal(
            classification: .throttled(retryAfter: .seconds(1800)), code: nil, message: "", explanation: "Too many.")
        let carrier = ScriptedCarrier(listOutcome: { .refused(refusal) })
        let options = ApplyOptions(timeout: .milliseconds(500), pollInterval: .milliseconds(50))
        let report = try await ApplyRun(
            goal: .fleet(fleet), store: store, carrier: carrier, clock: SystemClock(), wakeup: wakeup, options: options,
            stop: StopSwitch(wakeup: wakeup)
        ).run { _ in }
        #expect(report.ending == .timedOut)
        #expect(carrier.devices.isEmpty)
    }

    @Test("a call that may be repeated is made in its turn, and again while the carrier is busy")
    func patiently() async throws {
        let pacer = RequestPacer(
            store: store, clock: SystemClock(), rates: [Fleets.account: 1000],
            backOff: BackOff(first: .milliseconds(20), longest: .milliseconds(40)), chance: SystemChance())
        let refusal = CarrierRefusal(
            classification: .throttled(retryAfter: nil), code: nil, message: "", explanation: "Too many.")
        let calls = Wakeup()
        let answer = try await pacer.patiently(Fleets.account) {
            calls.notify()
            if calls.count < 3 { throw CarrierError.refused(refusal) }
            return calls.count
        }
        #expect(answer == 3)
        await #expect(throws: CarrierError.self) {
            try await pacer.patiently(Fleets.account) {
                calls.notify()
                throw CarrierError.refused(refusal)
            }
        }
        #expect(calls.count == 8, "not for ever")
    }
}
