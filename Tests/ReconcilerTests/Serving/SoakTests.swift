import Foundation
import Testing

@testable import Reconciler

/// The real program with all that months bring, in minutes. `make soak` runs the long form, and prints how memory and
/// open files went.
@Suite("The program in the long run", .serialized, .seated)
struct SoakTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let minutes = environment["SOAK_MINUTES"].flatMap { Double($0) }
    private static let seed = environment["SOAK_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
    private static var isLong: Bool { minutes != nil }
    private static var length: Duration { .milliseconds(Int((minutes ?? 2) * 60_000)) }

    private struct Sample: CustomStringConvertible {
        let moment: Duration
        let memory: Int
        let files: Int
        var description: String { "\(moment.components.seconds)s: \(memory) MiB, \(files) files" }
    }

    @Test("kills, reloads, new certificates and changes lose no callback, and leave no memory or file behind")
    func soak() async throws {
        let scene = try await SoakScene(
            deviceCount: 60 + Int(Self.length.components.seconds) * 2, seed: Self.seed)
        let clock = ContinuousClock()
        let start = clock.now
        // Half of the time no process lives long; the other half one lives through everything.
        while clock.now - start < Self.length / 2 {
            try await scene.live(through: scene.pick(SoakScene.Happening.allCases))
            try await clock.sleep(for: scene.pickPause())
        }
        try await scene.live(through: .end)
        try await scene.live(through: .reload)
        var samples: [Sample] = []
        while clock.now - start < Self.length {
            try await scene.live(through: scene.pick(SoakScene.Happening.allCases.filter(\.isSurvived)))
            try await clock.sleep(for: scene.pickPause())
            let use = scene.use
            samples.append(Sample(moment: clock.now - start, memory: use.memory, files: use.openFiles))
        }
        let remark: Comment = "seed \(Self.seed), \(scene.happened)"
        try await check(scene, remark)
        check(samples, remark)
        if Self.isLong {
            let step = max(1, samples.count / 40)
            print("Seed \(Self.seed), \(scene.happened.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
            for index in stride(from: 0, to: samples.count, by: step) { print(samples[index]) }
        }
    }

    private func check(_ scene: SoakScene, _ remark: Comment) async throws {
        let unsettled = try await scene.unsettled(within: .seconds(180))
        #expect(unsettled.isEmpty, "\(remark) \(scene.controller.errors.suffix(5000))")
        scene.controller.send(SIGHUP)
        let certificate = try await scene.certificateInUse()
        #expect(certificate.hasSuffix(scene.newestCertificate), remark)
        scene.controller.send(SIGTERM)
        let ended = await scene.controller.result()
        #expect(ended.exitCode == 0, "\(ended.errors.suffix(2000))")
        let (leases, running) = try await scene.fleet.read { reader in
            (try reader.leases().count, try reader.latestRuns(limit: 10_000).filter { $0.endedAt == nil }.count)
        }
        #expect(leases == 0, remark)
        let acknowledged = try await scene.fleet.count("callbacksAcknowledged")
        let kept = try await scene.fleet.keptDeliveries()
        #expect(kept >= acknowledged && acknowledged > 0, remark)
        #expect(try await scene.fleet.count("repeatedDownloads") == 0, remark)
        if Self.isLong {
            print(
                "\(acknowledged) callbacks acknowledged, \(kept) kept; \(running) runs without an end (killed); "
                    + "\(unsettled.count) devices not as declared")
        }
        await scene.fleet.end()
    }

    /// What a process holds after a while it holds at the end.
    private func check(_ samples: [Sample], _ remark: Comment) {
        let third = samples.count / 3
        guard third > 0 else { return }
        func median(_ part: ArraySlice<Sample>, _ value: (Sample) -> Int) -> Int {
            part.map(value).sorted()[part.count / 2]
        }
        let (warm, last) = (samples[third..<2 * third], samples[(2 * third)...])
        let memory = (median(warm, \.memory), median(last, \.memory))
        let files = (median(warm, \.files), median(last, \.files))
        // The store's cache of pages grows up to its 32 MiB, and only a long life fills it before the last third.
        let cache = (Self.minutes ?? 0) >= 30 ? 0 : 32
        #expect(memory.1 <= memory.0 + max(12, memory.0 / 8) + cache, "MiB; \(remark)")
        #expect(files.1 <= files.0 + 12, remark)
        if Self.isLong {
            print("Memory \(memory.0) -> \(memory.1) MiB, open files \(files.0) -> \(files.1) (medians of two thirds)")
        }
    }
}
