import Testing

@testable import Reconciler

/// Carriers with several faults at once, while people change devices.
@Suite("Mixes of carriers that behave badly")
struct CarrierMixTests {
    @Test("no download twice, nothing known falsely, who waits is named", .timeLimit(.minutes(120)))
    func mixes() async throws {
        let seeds = CarrierSuite.firstSeed..<CarrierSuite.firstSeed + CarrierSuite.mixes
        _ = try await CarrierSuite.run(seeds.map { CarrierCell.mix($0) })
    }

    @Test("a seed gives the same mix again, of one to four carriers")
    func seeds() {
        let mixes = (1...200).map { CarrierCell.mix($0) }
        #expect(mixes.map(\.description) == (1...200).map { CarrierCell.mix($0).description })
        #expect(Set(mixes.map(\.behaviors.count)) == [1, 2, 3, 4])
        #expect(Set(mixes.map { "\($0.run) \($0.store)" }).count == 12)
    }
}
