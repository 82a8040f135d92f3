import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("A refresh beside other runs")
struct RefreshBesideApplyTests {
    /// Runs at most so long, in case of a hang.
    private static let patience = Duration.seconds(60)

    @Test("refreshes beside an apply of the same set do no harm: nothing is asked for twice, and both end in order")
    func beside() async throws {
        let port = Harness.port()
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let rollout = "rollout: {requestsPerSecond: 1000, batchSize: 5, maxInFlight: 10}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(60, rollout: rollout))
        try await Harness.withSimulator(Harness.inventory(fleet)) { simulator, baseURL in
            async let applied = Harness.apply(fleet, to: baseURL, store: store, port: port)
            var reports: [RefreshReport] = []
            for _ in 0..<3 {
                reports.append(
                    try await Harness.refresh(
                        RefreshScope(fleet), from: baseURL, store: store, timeout: Self.patience, port: port))
            }
            let report = try await applied
            #expect(report.ending == .settled && report.converged == 60 && report.failed == 0)
            #expect(reports.allSatisfy { $0.isWhole }, "\(reports.flatMap { $0.accounts.flatMap(\.problems) })")
            let counts = await simulator.counts
            #expect(counts.repeatedDownloads == 0)
            #expect(counts.acceptedDevices["download_enable"] == 60)
            let known = try await store.read { try $0.knownFleet() }
            let plan = Planner(now: SystemClock().now()).plan(desired: fleet, known: known)
            #expect(plan.isConverged && plan.drifts.isEmpty)
        }
        let leases = try await store.read { try $0.leases() }
        #expect(leases.isEmpty)
    }

    @Test("a refresh needs no lock on a set, leaves it to who holds it, and is found by who looks for a listener")
    func locks() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let actor = RunLock(store: store, clock: clock, owner: RunOwner(command: "apply"), profileSets: ["fleet"])
        let readers = (0..<2).map { _ in RunLock(ofReader: RunOwner(command: "refresh"), store: store, clock: clock) }
        try await actor.hold {
            try await readers[0].hold {
                try await readers[1].hold {
                    try await readers[0].announce(listensAt: "here")
                    #expect(try await actor.otherRuns(listeningAt: "here").count == 1)
                    #expect(try await readers[1].otherRuns(listeningAt: "here").count == 1)
                    #expect(try await readers[0].otherRuns(listeningAt: "here").isEmpty)
                    let others = try await store.read { try actor.others(in: $0) }
                    #expect(others.lease(on: "fleet") == nil)
                    let status = try await StatusSession(settings: Self.settings(folder)).fleet()
                    #expect(status.runs.map(\.profileSets).sorted { $0.count < $1.count } == [[], [], ["fleet"]])
                }
            }
        }
        let leases = try await store.read { try $0.leases() }
        #expect(leases.isEmpty)
    }

    @Test("a refresh is a run: what it learns bears its number, and names the list")
    func cause() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(2, rollout: Fleets.quick))
        let keys = fleet.devices.map(\.key)
        let carrier = ListCarrier.v2Only(store, SystemClock()) { filter in
            [ListCarrier.message(filter == "DISABLE" ? [keys[0]] : [])]
        }
        #expect(try await carrier.refresh(RefreshScope(fleet)).isWhole)
        let session = StatusSession(settings: Self.settings(folder))
        let run = try #require(try await session.fleet().latestRuns.first)
        #expect(run.command == "refresh" && run.ending == "everything was read")
        let seen = try #require(try await session.devices(of: keys[0].eid).first)
        #expect(seen.timeline.map(\.event) == ["run \(run.number)", "looked up"])
        #expect(seen.timeline.last?.run == run.number)
        #expect(seen.timeline.last?.cause?.hasPrefix("v2 device list with filter DISABLE of account ") == true)
        let missing = try #require(try await session.devices(of: keys[1].eid).first)
        #expect(missing.timeline.last?.cause == "run \(run.number)")
    }

    private static func settings(_ folder: TemporaryFolder) -> Settings {
        var settings = Settings()
        settings.state = "sqlite:\(folder.path)/state.db"
        return settings
    }
}
