import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Converging through a carrier that fails")
struct CarrierFaultTests {
    /// A redirect of a call means that the base URL is wrong: the account is stopped until a person has looked.
    private static let faults = CarrierFault.allCases.filter { $0 != .redirect }

    /// Applies to a fleet of which a half holds the profile already, enabled or not, though nobody has told us.
    private func apply(
        _ faults: [CarrierFault], rate: Double, perDevice: Int, seed: UInt64,
        _ change: (inout SimulatorOptions) -> Void = { _ in }
    ) async throws -> RepeatedApply.Outcome {
        let rollout = "rollout: {batchSize: 5, requestsPerSecond: 1000}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(150, rollout: rollout, imeis: true))
        var apply = RepeatedApply(fleet)
        for index in apply.inventory.indices where index % 2 == 0 {
            apply.inventory[index].profileStatus = index % 4 == 0 ? "ENABLE" : "DOWNLOAD_DISABLE"
        }
        apply.policy = ConvergencePolicy(
            callbackDeadline: .milliseconds(1500), enableAfter: .seconds(1), retryDelay: .milliseconds(50),
            recordsLag: .milliseconds(50))
        apply.simulator.seed = seed
        apply.simulator.faults = faults
        apply.simulator.faultRate = rate
        apply.simulator.faultsPerDevice = perDevice
        apply.simulator.slowAnswer = 2
        apply.simulator.throttleBurst = 0.5
        change(&apply.simulator)
        return try await apply.run()
    }

    private func expectConverged(_ outcome: RepeatedApply.Outcome, _ comment: Comment) {
        #expect(outcome.endings.last == .settled, comment)
        #expect(outcome.isConverged, comment)
        #expect(outcome.truth.allSatisfy { $0 == .downloadedEnabled }, comment)
        #expect(outcome.differences == [], comment)
        #expect(outcome.counts.repeatedDownloads == 0, comment)
        // The credentials are right: no token that ends is reason enough to have them refused.
        #expect(outcome.counts.refusedLogins == 0, comment)
    }

    @Test(
        "each fault alone: no device is lost and none is asked to download twice",
        arguments: faults)
    func alone(_ fault: CarrierFault) async throws {
        // A busy carrier makes the whole account wait for a second; a token that ends, ends for all other calls too.
        let isForAll = fault.endsToken || [.tooMany, .unavailable].contains(fault)
        let outcome = try await apply(
            [fault], rate: isForAll ? 0.3 : 1, perDevice: isForAll ? 2 : 1, seed: 11)
        #expect(outcome.counts.faults[fault.rawValue, default: 0] > 0)
        expectConverged(outcome, "\(fault.rawValue), seed 11: \(outcome.endings), \(outcome.counts.faults)")
    }

    @Test(
        "a profile that may be there is not downloaded because its lookup met an ended sign-in",
        arguments: [8, 9] as [UInt64])
    func lookupMeetsEndedSession(seed: UInt64) async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(5, rollout: "rollout: {requestsPerSecond: 1000}"))
        var apply = RepeatedApply(fleet)
        for index in apply.inventory.indices { apply.inventory[index].profileStatus = "ENABLE" }
        apply.simulator.seed = seed
        apply.simulator.faults = [.sessionExpired]
        apply.simulator.faultRate = 0.6
        apply.simulator.faultsPerDevice = 2
        let outcome = try await apply.run()
        expectConverged(outcome, "seed \(seed): \(outcome.endings), \(outcome.counts.faults)")
        #expect(outcome.counts.acceptedRequests["download_enable"] == nil)
    }

    @Test(
        "all faults mixed: no device is lost and none is asked to download twice", arguments: [1, 2, 3, 4] as [UInt64])
    func mixed(seed: UInt64) async throws {
        let outcome = try await apply(Self.faults, rate: 0.5, perDevice: 3, seed: seed)
        #expect(outcome.counts.faults.count > 8)
        expectConverged(outcome, "seed \(seed): \(outcome.endings), \(outcome.counts.faults)")
    }

    @Test(
        "calls that fail and callbacks that storm: no device is lost and none is asked to download twice",
        arguments: [1, 2, 3, 4] as [UInt64])
    func everything(seed: UInt64) async throws {
        let outcome = try await apply(Self.faults, rate: 0.3, perDevice: 1, seed: seed) { options in
            options.deliveries = 2
            options.reorderRate = 0.3
            options.reorderDelay = 0.2
            options.dropRate = 0.1
            options.lateRate = 0.1
            options.lateDelay = 2
            options.warningRate = 0.2
            options.warningDelay = 0.2
            options.failureRate = 0.1
            options.wrongCredentialsRate = 0.05
            options.otherRequestRate = 0.2
            options.imeiOnlyRate = 0.1
            options.imeiAndEIDRate = 0.1
        }
        expectConverged(outcome, "seed \(seed): \(outcome.endings), \(outcome.counts.faults)")
    }

    @Test("a run that can learn nothing more of what is overdue ends with the reason instead of waiting on")
    func endsWithReason() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(3, rollout: "rollout: {requestsPerSecond: 1000}"))
        let wakeup = Wakeup()
        let options = ApplyOptions(
            policy: ConvergencePolicy(callbackDeadline: .milliseconds(100)), verification: .trust,
            lookupTimeout: .milliseconds(200), timeout: .seconds(20), pollInterval: .milliseconds(100))
        let report = try await ApplyRun(
            goal: .fleet(fleet), store: store, carrier: ScriptedCarrier(), clock: SystemClock(), wakeup: wakeup,
            options: options, stop: StopSwitch(wakeup: wakeup)
        ).run { _ in }
        guard case .stopped = report.ending else { return #expect(Bool(false), "\(report.ending)") }
        #expect(report.inFlight == 3)
    }
}
