/// The same work several times, each time beside its yardstick.
struct Comparison: Sendable {
    let samples: [Sample]
    let yardsticks: [Sample]

    var seconds: Double { samples.map(\.seconds).median }
    var yardstickSeconds: Double { yardsticks.map(\.seconds).median }
    var memory: Int { samples.map(\.memory).max() ?? 0 }
    /// The median of the ratios of neighbours, which a slow minute of the machine moves least.
    var ratio: Double { zip(samples, yardsticks).map { $0.seconds / $1.seconds }.median }

    /// - Parameter rounds: how often each is run, in turn, after one round that does not count.
    init(
        rounds: Int, _ work: () async throws -> Sample, beside yardstick: () async throws -> Sample
    ) async throws {
        var samples: [Sample] = []
        var yardsticks: [Sample] = []
        for round in 0...rounds {
            let sample = try await work()
            let other = try await yardstick()
            if round > 0 {
                samples.append(sample)
                yardsticks.append(other)
            }
        }
        self.samples = samples
        self.yardsticks = yardsticks
    }
}

extension [Double] {
    /// 0 if there are none.
    var median: Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
    }
}

/// Runs `work` and takes its time.
func timed(_ work: () async throws -> Void) async rethrows -> Sample {
    let clock = ContinuousClock()
    let start = clock.now
    try await work()
    return Sample(seconds: (clock.now - start).seconds, memory: 0)
}
