import Synchronization
import Testing

@testable import Reconciler

/// Over real HTTP: what a run makes of the codes with which the carrier refuses actions.
@Suite("Requests that the carrier refuses")
struct RefusedRequestTests {
    private let folder: TemporaryFolder
    private let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore(path: folder.path + "/state.db")
    }

    /// Sends downloads for so many devices, in one batch, and waits for no callback.
    private func apply(
        _ count: Int, _ server: ScriptedServer
    ) async throws -> (report: ApplyReport, records: [DeviceRecord]) {
        let fleet = try await Fleets.fleet(try Fleets.yaml(count, rollout: Fleets.quick))
        let wakeup = Wakeup()
        let options = ApplyOptions(
            verification: .trust, lookupTimeout: .milliseconds(500), waitsForConvergence: false, timeout: .seconds(300),
            pollInterval: .milliseconds(50),
            backOff: BackOff(first: .milliseconds(10), longest: .milliseconds(20)))
        let report = try await server.serving(store) { [store] carrier in
            try await ApplyRun(
                goal: .fleet(fleet), store: store, carrier: carrier, clock: SystemClock(), wakeup: wakeup,
                options: options, stop: StopSwitch(wakeup: wakeup)
            ).run { _ in }
        }
        let keys = fleet.devices.map(\.key)
        let records = try await store.read { try $0.devices(keys) }
        return (report, keys.compactMap { records[$0] })
    }

    private func isSubmitted(_ record: DeviceRecord) -> Bool {
        if case .submitted = record.operation?.phase { return true }
        return false
    }

    @Test("on hold or cancelled: the account waits, no batch is split, no device has failed and no attempt counts")
    func onHold() async throws {
        let actions = Mutex(0)
        let server = ScriptedServer { call, number in
            guard call.path.contains("/profile/actions/") else { return .accepted("r-\(number)") }
            let count = actions.withLock { count in
                count += 1
                return count
            }
            return count <= 4
                ? .refused("UnifiedWebService.\(count % 2 == 0 ? "REQUEST_ONHOLD.Device" : "REQUEST_CANCELLED.Busy")")
                : .accepted("r-\(number)")
        }
        // A run that waits for nothing ends when all that it has to send waits for the account.
        var (report, records) = try await apply(20, server)
        while server.actions.count < 5 { (report, records) = try await apply(20, server) }
        #expect(server.actions.map(\.iccids.count) == [20, 20, 20, 20, 20])
        // The lists are never answered here, which may be said; what passes stops no account.
        let stopped = report.stoppedAccounts[Fleets.account] ?? ""
        #expect(report.failed == 0 && !stopped.contains("REQUEST_"), "\(stopped)")
        #expect(records.count(where: isSubmitted) == 20)
        #expect(records.allSatisfy { $0.operation?.attempt == 1 })
    }

    @Test(
        "what was put off is looked up before it is sent again",
        arguments: [(400, "REQUEST_ONHOLD.Device", true), (503, "Busy", true), (429, "Busy", false)])
    func putOff(status: Int, code: String, isDoubted: Bool) async throws {
        // A carrier that is busy for good is waited for until the run's time is over.
        let server = ScriptedServer { _, number in
            number == 1 ? .refused(code, status: status) : .accepted("r-\(number)")
        }
        let (report, records) = try await apply(5, server)
        #expect(server.actions.first?.iccids.count == 5 && report.failed == 0 && records.count == 5)
        #expect(records.allSatisfy { ($0.hint?.kind == .putOff) == isDoubted })
        // Records that say "gone" answer the doubt as soon as they are read.
        #expect(records.allSatisfy { $0.hint?.allowsPresence != true })
    }

    @Test(
        "an unknown code, or a wrong request: the account is stopped with the code, and no device has failed",
        arguments: [
            "REQUEST_FAILED.RatePlanFull", "INPUT_INVALID.Device.Whatever", "DeserializationFailed",
            "INPUT_INVALID.Request.InvalidCharacter", "REQUEST_FAILED.AccountName",
        ])
    func accountStops(code: String) async throws {
        let server = ScriptedServer { _, _ in .refused(code) }
        let (report, records) = try await apply(20, server)
        #expect(server.actions.count == 1)
        #expect(report.failed == 0)
        #expect(report.stoppedAccounts[Fleets.account]?.contains(code) == true)
        #expect(records.allSatisfy { $0.operation?.attemptsUsed == 0 })
    }

    @Test("a line that is not active: the device is blocked until a list says otherwise, the others go ahead")
    func deviceWaits() async throws {
        let inactive = try Fleets.key(5)
        let server = ScriptedServer { call, number in
            call.iccids.contains(inactive.iccid)
                ? .refused("INPUT_INVALID.DeviceState.Invalid") : .accepted("r-\(number)")
        }
        let (report, records) = try await apply(16, server)
        #expect(report.blocked == 1 && report.failed == 0)
        #expect(records.count(where: isSubmitted) == 15)
        #expect(server.actions.count(where: { $0.iccids == [inactive.iccid] }) == 1)
        let record = try #require(records.first { $0.key == inactive })
        #expect(!record.service.allowsChange)
        #expect(record.operation?.attemptsUsed == 0)
        let events = try await store.read {
            try $0.events(after: 0, limit: 1000).events.filter { $0.device == inactive }
        }
        #expect(events.last?.detail.contains("INPUT_INVALID.DeviceState.Invalid") == true)

        let now = SystemClock().now()
        let listed = record.listed(
            DeviceSighting(service: .active, asOf: now), on: Fleets.account,
            ListProof(isWhole: true, tellsEveryStatus: false, asOf: now), at: now, policy: ConvergencePolicy())
        #expect(listed.record.service == .active)
    }

    @Test("what is so already is no failure before the device was looked up")
    func alreadyDone() async throws {
        let done = try Fleets.key(2)
        let server = ScriptedServer { call, number in
            call.iccids.contains(done.iccid)
                ? .refused("REQUEST_FAILED.ProfileAlreadyInUse") : .accepted("r-\(number)")
        }
        let (report, records) = try await apply(4, server)
        #expect(report.failed == 0)
        #expect(records.count(where: isSubmitted) == 3)
        let record = try #require(records.first { $0.key == done })
        guard case .unresolved(let reason, nil) = record.operation?.phase else {
            return #expect(Bool(false), "\(String(describing: record.operation?.phase))")
        }
        #expect(reason.contains("ProfileAlreadyInUse"))
    }

    @Test("a request for one device that is too large stops the account instead of failing devices one by one")
    func tooLarge() async throws {
        let server = ScriptedServer { _, _ in ScriptedServer.Answer(status: 413) }
        let (report, records) = try await apply(2, server)
        #expect(report.failed == 0)
        #expect(report.stoppedAccounts[Fleets.account] != nil)
        #expect(records.allSatisfy { $0.operation?.attemptsUsed == 0 })
    }

    @Test("an ended token splits no batch", arguments: [401, 403])
    func endedToken(status: Int) async throws {
        let server = ScriptedServer { call, number in
            call.session == 1
                ? ScriptedServer.Answer(status: status, body: "{\"errorCode\":\"\(status)\",\"errorMessage\":\"x\"}")
                : .accepted("r-\(number)")
        }
        let (report, records) = try await apply(200, server)
        #expect(report.failed == 0)
        #expect(server.actions.count <= 6)
        #expect(records.count(where: isSubmitted) == 200)
        #expect(server.sessions == 2)
    }

    @Test("an accepted request is accepted, whatever stands beside its id", arguments: ["null", "\"\"", "0", "\"0\""])
    func accepted(code: String) async throws {
        let server = ScriptedServer { _, number in
            ScriptedServer.Answer(body: "{\"requestId\":\"r-\(number)\",\"errorCode\":\(code),\"fault\":\(code)}")
        }
        let (_, records) = try await apply(8, server)
        #expect(server.actions.count == 1)
        #expect(records.count(where: isSubmitted) == 8)
    }
}
