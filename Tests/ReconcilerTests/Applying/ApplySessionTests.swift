import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Applying against the simulator")
struct ApplySessionTests {
    @Test("a fleet converges through warnings, failures, repeats and reordering, and nothing is downloaded twice")
    func converges() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let rollout = "rollout: {batchSize: 20, requestsPerSecond: 1000}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(200, rollout: rollout, imeis: true))
        var options = Harness.quickCarrier
        options.seed = 42
        options.warningRate = 0.2
        options.warningDelay = 0.1
        options.failureRate = 0.1
        options.duplicateRate = 0.3
        options.reorderRate = 0.2
        options.reorderDelay = 0.1
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            let report = try await Harness.apply(fleet, to: baseURL, store: store)
            #expect(report.ending == .settled)
            #expect(report.converged == 200)
            #expect(report.exceptions.isEmpty)
            #expect(await simulator.counts.repeatedDownloads == 0)
            #expect(await simulator.devices.allSatisfy { ["DOWNLOAD_ENABLE", "ENABLE"].contains($0.profileStatus) })
            let plan = Planner(now: SystemClock().now()).plan(
                desired: fleet, known: try await store.read { try $0.knownFleet() })
            #expect(plan.isConverged)

            let calls = await simulator.counts.acceptedRequests
            let again = try await Harness.apply(fleet, to: baseURL, store: store, register: .never)
            #expect(again.ending == .settled)
            #expect(await simulator.counts.acceptedRequests == calls, "a second run asks for nothing")
        }
    }

    @Test("a device that already holds the profile is looked up and not downloaded again")
    func lookedUpFirst() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(6))
        var inventory = Harness.inventory(fleet)
        inventory[0].profileStatus = "ENABLE"
        inventory[1].profileStatus = "DOWNLOAD_DISABLE"
        inventory[2].state = "Suspend"
        inventory.removeLast()
        var options = Harness.quickCarrier
        for tellsStatus in [true, false] {
            options.listsProfileStatus = tellsStatus
            let store = tellsStatus ? store : try SQLiteStore(path: folder.path + "/other.db")
            try await Harness.withSimulator(inventory, options) { simulator, baseURL in
                let report = try await Harness.apply(fleet, to: baseURL, store: store)
                let counts = await simulator.counts
                #expect(counts.repeatedDownloads == 0)
                #expect(counts.acceptedDevices["download_enable"] == 2)
                #expect(counts.acceptedDevices["enable"] == 1)
                #expect(report.blocked == 2)
                #expect(report.converged == 4)
            }
        }
    }

    @Test("a batch with an inactive device is split, that one is blocked alone, the others go ahead")
    func inactiveDevice() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(16, rollout: "rollout: {batchSize: 16, requestsPerSecond: 1000}"))
        var inventory = Harness.inventory(fleet)
        inventory[5].state = "Suspend"
        try await Harness.withSimulator(inventory) { simulator, baseURL in
            var applyOptions = ApplyOptions(policy: Harness.quickPolicy, timeout: .seconds(60))
            applyOptions.verification = .trust
            let report = try await Harness.apply(fleet, to: baseURL, store: store, options: applyOptions)
            #expect(report.converged == 15)
            #expect(report.blocked == 1)
            #expect(report.exceptions.first?.reason.explanation.contains("not active") == true)
            #expect(await simulator.counts.refusedRequests <= 5, "halving costs a logarithm of calls")
        }
    }

    @Test("a callback that never comes is made up for by a lookup")
    func dropped() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(10, rollout: "rollout: {requestsPerSecond: 1000}"))
        var options = Harness.quickCarrier
        options.dropRate = 1
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            var policy = Harness.quickPolicy
            policy.callbackDeadline = .milliseconds(300)
            let report = try await Harness.apply(
                fleet, to: baseURL, store: store, options: ApplyOptions(policy: policy, timeout: .seconds(60)))
            #expect(report.converged == 10)
            #expect(await simulator.counts.repeatedDownloads == 0)
            #expect(await simulator.counts.callbacksDropped == 10)
        }
    }

    @Test("after a warning that nothing follows, an enable is asked for, and never a second download")
    func warningAlone() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(5, rollout: "rollout: {requestsPerSecond: 1000}"))
        var options = Harness.quickCarrier
        options.warningRate = 1
        options.warningDelay = 3600
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            var policy = Harness.quickPolicy
            policy.enableAfter = .milliseconds(200)
            let report = try await Harness.apply(
                fleet, to: baseURL, store: store, options: ApplyOptions(policy: policy, timeout: .seconds(60)))
            #expect(report.converged == 5)
            let counts = await simulator.counts
            #expect(counts.acceptedDevices == ["download_enable": 5, "enable": 5])
            #expect(counts.repeatedDownloads == 0)
        }
    }

    @Test("a change of more than maxChange is refused before anything is sent, unless it is allowed")
    func largeChange() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let rollout = "rollout: {requestsPerSecond: 1000}"
        let enabled = try await Fleets.fleet(try Fleets.yaml(20, rollout: rollout))
        let disabled = try await Fleets.fleet(try Fleets.yaml(20, state: "downloaded-disabled", rollout: rollout))
        try await Harness.withSimulator(Harness.inventory(enabled)) { simulator, baseURL in
            let first = try await Harness.apply(enabled, to: baseURL, store: store)
            #expect(first.converged == 20)
            await #expect(throws: TooLargeChange.self) {
                _ = try await Harness.apply(disabled, to: baseURL, store: store, register: .never)
            }
            #expect(await simulator.counts.acceptedRequests["disable"] == nil)
        }
        let plan = Planner(now: SystemClock().now()).plan(
            desired: disabled, known: try await store.read { try $0.knownFleet() })
        #expect(plan.largeChanges.map(\.changes) == [20])
    }

    @Test("a refused sign-in stops the run and is not repeated, by this run and by the next two together")
    func signInRefused() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(300, rollout: "rollout: {batchSize: 10, requestsPerSecond: 1000}"))
        try await Harness.withSimulator(Harness.inventory(fleet)) { simulator, baseURL in
            for _ in 0..<4 {
                await #expect(throws: CarrierError.self) {
                    _ = try await Harness.apply(
                        fleet, to: baseURL, store: store, credentials: Harness.credentials(password: "wrong-password"))
                }
            }
            #expect(await simulator.counts.refusedLogins == SignInBook.mostRefusalsOfCredential)
        }
    }

    @Test("tokens and sessions that end while a run is under way are renewed")
    func tokensEnd() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(60, rollout: "rollout: {batchSize: 4, requestsPerSecond: 1000}"))
        var options = Harness.quickCarrier
        options.callsPerToken = 12
        options.callsPerSession = 7
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            let report = try await Harness.apply(fleet, to: baseURL, store: store)
            #expect(report.converged == 60)
            let counts = await simulator.counts
            #expect(counts.repeatedDownloads == 0)
            #expect(counts.refusedLogins == 0)
            #expect(counts.logins > 2)
            #expect(counts.tokensIssued > 1)
        }
    }

    @Test("429 slows the run down and loses nothing")
    func throttled() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(
            try Fleets.yaml(40, rollout: "rollout: {batchSize: 10, requestsPerSecond: 1000}"))
        var options = Harness.quickCarrier
        options.requestsPerSecond = 1
        try await Harness.withSimulator(Harness.inventory(fleet), options) { simulator, baseURL in
            let report = try await Harness.apply(fleet, to: baseURL, store: store)
            #expect(report.converged == 40)
            #expect(await simulator.counts.throttledRequests > 0)
            #expect(await simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("a second run on the same store is told who holds the lock")
    func locked() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let other = RunLock(
            store: store, clock: SystemClock(), owner: RunOwner(command: "other"), profileSets: fleet.sets.map(\.name))
        _ = try await other.hold {
            await #expect(throws: RunLockHeld.self) {
                _ = try await Harness.apply(fleet, to: "http://127.0.0.1:1/api", store: store)
            }
        }
        let leases = try await store.read { try $0.leases() }
        #expect(leases.isEmpty, "the lock is given back")
    }

    @Test("another system's callback registration is never replaced")
    func foreignRegistration() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        try await Harness.withSimulator(Harness.inventory(fleet)) { simulator, baseURL in
            let client = HTTPTransport.makeClient()
            let carrier = ThingSpaceClient(
                baseURL: try BaseURL(baseURL), credentials: Harness.credentials(),
                ledger: StoredSignInLedger(store: store, clock: SystemClock()), client: client, clock: SystemClock())
            try await carrier.registerCallback(
                url: "https://other.example.com/callbacks", credentials: Harness.callbackCredentials,
                for: Fleets.account)
            await #expect(throws: RegistrationProblem.self) {
                _ = try await Harness.apply(fleet, to: baseURL, store: store)
            }
            let registered = try await carrier.callbackRegistrations(of: Fleets.account)
            #expect(registered.map(\.url) == ["https://other.example.com/callbacks"])
            #expect(await simulator.counts.acceptedRequests["download_enable"] == nil)
            try await client.shutdown()
        }
    }

    @Test("a carrier that cannot be reached ends the run with a sentence, not a dump")
    func unreachable() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let error = await #expect(throws: CarrierError.self) {
            _ = try await Harness.apply(fleet, to: "http://127.0.0.1:1/api", store: store)
        }
        #expect(error?.description.contains("cannot be reached") == true, "\(String(describing: error))")
    }
}
