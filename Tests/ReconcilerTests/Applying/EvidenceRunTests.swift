import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Runs that go by evidence")
struct EvidenceRunTests {
    private static let count = 6

    private struct Stand: Sendable {
        let simulator: Simulator
        let fleet: DesiredFleet
        let store: SQLiteStore
        let baseURL: String
        let port: Int

        func apply(
            _ change: (inout ApplyOptions) -> Void = { _ in }
        ) async throws -> ApplyReport {
            var options = ApplyOptions(
                policy: Harness.quickPolicy, lookupTimeout: .seconds(20), timeout: .seconds(60))
            change(&options)
            return try await Harness.apply(fleet, to: baseURL, store: store, options: options, port: port)
        }
    }

    /// A fleet that a store knows somehow, beside a carrier on which it is as it is.
    ///
    /// - Parameters:
    ///   - truth: the profile status of each device at the carrier.
    ///   - known: what the store knows of each device.
    private func with(
        truth: String, known: ProfileObservation?, state: String = "downloaded-enabled",
        carrier change: (inout SimulatorOptions) -> Void = { _ in },
        _ work: @escaping @Sendable (Stand) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(Self.count, state: state, rollout: Fleets.quick))
        if let known {
            let records = fleet.devices.map {
                DeviceRecord(key: $0.key, account: Fleets.account, observation: known, service: .active)
            }
            try await store.write { try $0.save(records) }
        }
        var inventory = Harness.inventory(fleet)
        for index in inventory.indices { inventory[index].profileStatus = truth }
        var options = Harness.quickCarrier
        change(&options)
        try await Harness.withSimulator(inventory, options) { simulator, baseURL in
            try await work(
                Stand(simulator: simulator, fleet: fleet, store: store, baseURL: baseURL, port: Harness.port()))
        }
    }

    private static func observation(
        _ state: ProfileState, ago: Duration, source: ObservationSource = .deviceListV2
    ) -> ProfileObservation {
        ProfileObservation(state: state, profileStatus: nil, at: SystemClock().now() - ago, source: source)
    }

    @Test("old knowledge permits no download (F2)", arguments: [Duration.seconds(60), .seconds(3 * 86_400)])
    func oldRecord(ago: Duration) async throws {
        try await with(truth: "DOWNLOAD_ENABLE", known: Self.observation(.notDownloaded, ago: ago)) { stand in
            let report = try await stand.apply()
            #expect(report.ending == .settled && report.exceptions.isEmpty)
            let counts = await stand.simulator.counts
            #expect(counts.acceptedRequests == ["device_list": 1] && counts.repeatedDownloads == 0)
        }
    }

    @Test("a record of a clock that was ahead permits no download (F9)")
    func recordToCome() async throws {
        try await with(truth: "DOWNLOAD_ENABLE", known: Self.observation(.notDownloaded, ago: .seconds(-86_400))) {
            stand in
            let report = try await stand.apply()
            #expect(report.ending == .settled)
            #expect(await stand.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("what a person settled is looked up before a download (F10)")
    func settledByHand() async throws {
        let known = Self.observation(.notDownloaded, ago: .seconds(1), source: .person)
        try await with(truth: "DOWNLOAD_ENABLE", known: known) { stand in
            let report = try await stand.apply()
            #expect(report.ending == .settled)
            #expect(await stand.simulator.counts.acceptedRequests == ["device_list": 1])
        }
    }

    @Test("a device in doubt is looked up, and nothing else is sent (F57)")
    func inDoubt() async throws {
        try await with(truth: "DOWNLOAD_ENABLE", known: Self.observation(.downloadedEnabled, ago: .seconds(60))) {
            stand in
            let keys = stand.fleet.devices.map(\.key)
            let now = SystemClock().now()
            try await stand.store.write { transaction in
                let records = try transaction.devices(keys).values
                try transaction.save(
                    records.map { record in
                        var doubted = record
                        doubted.doubt(Hint(.otherRequest, at: now, detail: "an old message", suggests: .deleted))
                        return doubted
                    })
            }
            let report = try await stand.apply()
            #expect(report.ending == .settled)
            #expect(await stand.simulator.counts.acceptedRequests == ["device_list": 1])
            let hints = try await stand.store.records(keys).map { $0?.hint }
            #expect(hints.allSatisfy { $0 == nil })
        }
    }

    @Test("a list that comes late holds up nobody but its devices (F16)")
    func answeredGoAhead() async throws {
        try await with(truth: "Not Downloaded", known: nil, carrier: { $0.carrierFaults = [.v2ListOnceLost] }) {
            stand in
            let report = try await stand.apply()
            #expect(report.ending == .settled)
            let counts = await stand.simulator.counts
            #expect(counts.acceptedDevices["download_enable"] == Self.count && counts.repeatedDownloads == 0)
        }
    }

    @Test("a state in transition is looked at again within the run (F63)")
    func inTransition() async throws {
        try await with(
            truth: "Not Downloaded", known: nil,
            carrier: { options in
                options.carrierFaults = [.statusInTransition]
                options.dropRate = 1
            }
        ) { stand in
            let report = try await stand.apply()
            #expect(report.ending == .settled && report.exceptions.isEmpty, "\(report.exceptions)")
            #expect(await stand.simulator.counts.repeatedDownloads == 0)
        }
    }

    @Test("where nothing tells how profiles are, devices wait (F1)")
    func refusedLists() async throws {
        for behavior in [CarrierBehavior.listsInputInvalid, .listsForbiddenPage, .listsNotFound] {
            try await with(truth: "DOWNLOAD_ENABLE", known: nil, carrier: { $0.carrierFaults = [behavior] }) { stand in
                let report = try await stand.apply { $0.lookupTimeout = .seconds(3) }
                guard case .stopped(let reason) = report.ending else {
                    return #expect(Bool(false), "\(behavior): \(report.ending)")
                }
                #expect(reason.contains("wait to be looked up"), "\(reason)")
                #expect(await stand.simulator.counts.acceptedRequests["download_enable"] == nil)
            }
        }
    }

    @Test("the largest batch that an account takes is learned once (F33)")
    func batchLimit() async throws {
        try await with(truth: "Not Downloaded", known: nil, carrier: { $0.carrierFaults = [.batchLimit1] }) { stand in
            let report = try await stand.apply()
            #expect(report.ending == .settled)
            let first = await stand.simulator.counts
            #expect(first.acceptedDevices["download_enable"] == Self.count)
            for device in stand.fleet.devices {
                await stand.simulator.set(profileStatus: "DISABLE", iccid: device.key.iccid.description)
            }
            let read = try await Harness.refresh(
                RefreshScope(stand.fleet), from: stand.baseURL, store: stand.store, port: stand.port)
            #expect(read.isWhole)
            let again = try await stand.apply { $0.largeChanges = .allow }
            #expect(again.ending == .settled)
            let second = await stand.simulator.counts
            #expect(second.acceptedRequests["enable"] == Self.count)
            #expect(second.refusedRequests == first.refusedRequests, "none was refused as too large again")
        }
    }
}
