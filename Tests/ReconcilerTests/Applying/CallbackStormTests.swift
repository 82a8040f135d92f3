import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("Converging through a storm of callbacks")
struct CallbackStormTests {
    /// How many devices the storm is about: some hundreds in the suite, more where it is asked for.
    private static let deviceCount =
        ProcessInfo.processInfo.environment["PROFILECTL_STORM_DEVICES"].flatMap { Int($0) } ?? 300

    private static let seeds: [UInt64] = deviceCount > 1000 ? [1] : [1, 2, 3]

    @Test(
        "repeated, late, lost, reordered, warned and disguised messages leave what is known as it is in truth",
        arguments: seeds)
    func storm(seed: UInt64) async throws {
        let count = Self.deviceCount
        let rollout = "rollout: {batchSize: 100, maxInFlight: 100000, requestsPerSecond: 1000}"
        let fleet = try await Fleets.fleet(try Fleets.yaml(count, rollout: rollout, imeis: true))
        // Many devices take their time to be told about, on a machine that does other things too.
        let patience = 1.5 + Double(count) / 400
        var apply = RepeatedApply(fleet)
        apply.policy = ConvergencePolicy(
            callbackDeadline: .milliseconds(Int64(patience * 1000)),
            enableAfter: .milliseconds(Int64(patience * 1000)), retryDelay: .milliseconds(100),
            recordsLag: .milliseconds(100))
        apply.clientTimeout = .seconds(30)
        apply.timeout = .seconds(60 + count / 20)
        apply.simulator.seed = seed
        apply.simulator.callbackDelay = 0.01...0.1
        apply.simulator.warningDelay = 0.2
        apply.simulator.deliveries = 4
        apply.simulator.reorderRate = 0.5
        apply.simulator.reorderDelay = 0.3
        apply.simulator.dropRate = 0.1
        apply.simulator.lateRate = 0.05
        apply.simulator.lateDelay = patience * 1.3
        apply.simulator.warningRate = 0.2
        apply.simulator.failureRate = 0.05
        apply.simulator.wrongCredentialsRate = 0.01
        apply.simulator.otherRequestRate = 0.15
        apply.simulator.imeiOnlyRate = 0.1
        apply.simulator.imeiAndEIDRate = 0.1
        let outcome = try await apply.run()
        let counts = outcome.counts
        let comment: Comment = "seed \(seed): \(outcome.endings), \(counts)"
        #expect(outcome.endings == [.settled], comment)
        #expect(outcome.isConverged, comment)
        #expect(outcome.truth.allSatisfy { $0 == .downloadedEnabled }, comment)
        #expect(outcome.differences == [], comment)
        #expect(counts.repeatedDownloads == 0, comment)
        for (kind, number) in [
            ("dropped", counts.callbacksDropped), ("late", counts.callbacksLate),
            ("wrong credentials", counts.callbacksWithWrongCredentials),
            ("other request", counts.callbacksUnderOtherRequests), ("by IMEI", counts.callbacksByIMEI),
        ] {
            #expect(number > 0, "\(kind), \(comment)")
        }
        #expect(counts.callbacksAcknowledged > 3 * count, comment)
    }
}
