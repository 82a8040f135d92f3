import Foundation
import Simulator
import Synchronization
import Testing

@testable import Reconciler

@Suite("Applying a part of a fleet")
struct PartialApplyTests {
    private static var quickOptions: SimulatorOptions {
        var options = SimulatorOptions()
        options.callbackDelay = 0.01...0.03
        options.allowsAnyCallbackPort = true
        return options
    }

    /// Two sets; the second one belongs to an account that the carrier does not know.
    private static func yaml(_ rollout: String = "") throws -> String {
        try Fleets.yaml(8, name: "ours", rollout: rollout) + "---\n"
            + Fleets.yaml(0, name: "theirs").replacing("\(Fleets.account)", with: "0000000000-00009")
            + "  - {eid: \(try Fleets.eid(100)), iccid: \(try Fleets.iccid(100))}\n"
    }

    /// Runs `work` beside a simulator and one listener; it can apply fleets, one after the other.
    private func applying(
        _ inventory: [SimulatedDevice], _ options: SimulatorOptions, _ store: any StateStore,
        _ work:
            @escaping @Sendable (Simulator, @Sendable (DesiredFleet, ApplyOptions) async throws -> ApplyReport)
            async throws -> Void
    ) async throws {
        let wakeup = Wakeup()
        try await Harness.withSimulator(inventory, options) { simulator, baseURL in
            try await Harness.withListener(store, wakeup: wakeup, policy: Harness.quickPolicy) { url in
                let client = HTTPTransport.makeClient()
                let carrier = ThingSpaceClient(
                    baseURL: try BaseURL(baseURL), credentials: Harness.credentials(),
                    ledger: StoredSignInLedger(store: store, clock: SystemClock()), client: client,
                    clock: SystemClock())
                do {
                    try await carrier.registerCallback(
                        url: url, credentials: Harness.callbackCredentials, for: Fleets.account)
                    try await work(simulator) { fleet, options in
                        try await ApplyRun(
                            goal: .fleet(fleet), store: store, carrier: carrier, clock: SystemClock(), wakeup: wakeup,
                            options: options, stop: StopSwitch(wakeup: wakeup)
                        ).run { _ in }
                    }
                } catch {
                    try? await client.shutdown()
                    throw error
                }
                try await client.shutdown()
            }
        }
    }

    private static let options = ApplyOptions(policy: Harness.quickPolicy, timeout: .seconds(60))

    @Test("only the selected devices are asked for, and only their accounts and their sets matter")
    func selected() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.db"
        let store = try SQLiteStore(path: path)
        let whole = try await Fleets.fleet(try Self.yaml("rollout: {waves: [50%, 100%], requestsPerSecond: 1000}"))
        let part = try whole.selecting(
            try [1, 5, 7].map { try DeviceSelector("\(try Fleets.eid($0))") }, excluding: [])
        #expect(part.selectedAccounts == [Fleets.account], "nobody else's callbacks are looked at")
        let ours = try whole.selecting([try DeviceSelector("set:ours")], excluding: [])
        try await PauseSession(store: store, clock: SystemClock()).pause("theirs", reason: "", by: "ann")
        let known = Harness.inventory(whole).filter { $0.accountName == "\(Fleets.account)" }
        try await applying(known, Self.quickOptions, store) { simulator, apply in
            let report = try await apply(part, Self.options)
            #expect(report.ending == .settled)
            #expect(report.total == 3 && report.converged == 3)
            #expect(await simulator.counts.acceptedDevices["download_enable"] == 3)
            let open = try await store.read { try $0.openRollouts() }
            #expect(open.map(\.profileSet) == ["ours"], "the rest of its change is still to come")
            #expect(try await apply(ours, Self.options).ending == .settled)
            #expect(await simulator.counts.acceptedDevices["download_enable"] == 8)
            #expect(await simulator.counts.repeatedDownloads == 0)
            #expect(try await store.read { try $0.openRollouts() }.isEmpty)
        }
    }

    @Test("profiles of one eUICC are switched together although one of them is named")
    func wholeCard() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let head = try Fleets.yaml(0)
        let (eid, first, second) = (try Fleets.eid(1), try Fleets.iccid(1), try Fleets.iccid(2))
        func fleet(_ states: [String]) async throws -> DesiredFleet {
            try await Fleets.fleet(
                head + zip([first, second], states).map { "  - {eid: \(eid), iccid: \($0), state: \($1)}\n" }.joined())
        }
        let before = try await fleet(["downloaded-enabled", "downloaded-disabled"])
        let after = try await fleet(["downloaded-disabled", "downloaded-enabled"])
            .selecting([try DeviceSelector("\(first)")], excluding: [])
        try await applying(Harness.inventory(before), Self.quickOptions, store) { simulator, apply in
            #expect(try await apply(before, Self.options).ending == .settled)
            let report = try await apply(after, Self.options)
            #expect(report.ending == .settled && report.converged == 2)
            #expect(await simulator.counts.acceptedDevices["disable"] == 1)
            #expect(await simulator.counts.acceptedDevices["enable"] == 1)
        }
    }

    @Test("a run that others hold up says so and ends, with nothing more sent")
    func heldUp() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let whole = try await Fleets.fleet(
            try Fleets.yaml(20, name: "ours", rollout: "rollout: {waves: [5, 100%], requestsPerSecond: 1000}"))
        var slow = Self.quickOptions
        slow.callbackDelay = 60...60
        try await applying(Harness.inventory(whole), slow, store) { simulator, apply in
            var options = ApplyOptions(verification: .trust, waitsForConvergence: false, timeout: .seconds(60))
            #expect(try await apply(whole, options).ending == .asked)
            let inFlight = try await store.read { try $0.devicesInFlight().map(\.key) }
            #expect(inFlight.count == 5)
            let other = try #require(whole.devices.first { !inFlight.contains($0.key) })
            let part = try whole.selecting([try DeviceSelector("\(other.key.eid)")], excluding: [])
            for waits in [true, false] {
                options.waitsForConvergence = waits
                guard case .heldUp(let reasons) = try await apply(part, options).ending else {
                    Issue.record("it is not held up")
                    return
                }
                #expect(reasons.count == 1 && reasons[0].contains("profile set ours"))
            }
            #expect(await simulator.counts.acceptedDevices["download_enable"] == 5)
        }
    }
}
