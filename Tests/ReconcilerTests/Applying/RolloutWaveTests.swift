import Testing

@testable import Reconciler

@Suite("Waves that go by labels")
struct RolloutWaveTests {
    private let lab = ["site": "lab"]
    private let west = ["region": "west"]
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func wave(
        _ waves: [RolloutPolicy.Wave], _ tally: RolloutTally, begun: Int = 0, labels: [String: String]? = nil,
        pending: [[String: String]: Int] = [:]
    ) -> RolloutWave {
        RolloutWave(
            waves, tally,
            record: RolloutRecord(
                number: RolloutNumber(1), profileSet: "meters", startedAt: now, waveLimit: begun, waveLabels: labels),
            pendingByLabels: pending)
    }

    private var canary: [RolloutPolicy.Wave] { [.labels(lab), .upTo(.percent(10)), .upTo(.percent(100))] }

    @Test("the devices with the labels go first, and the next wave counts them into its share of the whole change")
    func canaryFirst() {
        let first = wave(canary, RolloutTally(pending: 100, released: 0), pending: [lab: 4])
        #expect(first.limit == 4 && first.labels == lab && first.name == "site=lab")
        #expect(first.number == 1 && first.count == 3)
        let full = RolloutTally(pending: 96, released: 4, underWay: 1)
        #expect(wave(canary, full, begun: 4, labels: lab, pending: [lab: 0]).labels == lab)
        let landed = wave(canary, RolloutTally(pending: 96, released: 4), begun: 4, labels: lab, pending: [lab: 0])
        #expect(landed.limit == 10 && landed.labels == nil && landed.name == "10%" && landed.number == 2)
        // More of them than the share of the next wave: that one is full already.
        let many = wave(canary, RolloutTally(pending: 80, released: 20), begun: 20, labels: lab, pending: [lab: 0])
        #expect(many.limit == 100 && many.number == 3)
    }

    @Test("a wave without devices is passed over, and the last one lets out the rest")
    func empty() {
        let waves = [.labels(lab), .labels(west), .upTo(.devices(3))] as [RolloutPolicy.Wave]
        let first = wave(waves, RolloutTally(pending: 9, released: 0), pending: [west: 2])
        #expect(first.labels == west && first.number == 2 && first.count == 4)
        let none = wave(waves, RolloutTally(pending: 9, released: 0))
        #expect(none.limit == 3 && none.number == 3)
        let rest = wave(waves, RolloutTally(pending: 6, released: 3), begun: 3)
        #expect(rest.limit == 9 && rest.name == "the rest" && rest.number == 4)
        #expect(wave([.labels(lab)], RolloutTally(pending: 9, released: 0)).limit == 9)
        #expect(wave([.labels(lab)], RolloutTally()).limit == 0)
    }

    @Test("a wave keeps the limit that it was begun with, whatever becomes of labels and of the change")
    func limitStays() {
        for pending in [0, 1, 7, 300] {
            let tally = RolloutTally(pending: 300, released: 2, underWay: 2)
            let kept = wave(canary, tally, begun: 5, labels: lab, pending: [lab: pending])
            #expect(kept.limit == 5 && kept.labels == lab)
        }
        // Nobody has the labels any more: the wave is over when what is out has landed.
        let over = wave(canary, RolloutTally(pending: 98, released: 2), begun: 5, labels: lab)
        #expect(over.labels == nil && over.limit == 10)
        // More have got them: they are another wave of the same labels before the next share.
        let again = wave(canary, RolloutTally(pending: 95, released: 5), begun: 5, labels: lab, pending: [lab: 3])
        #expect(again.limit == 8 && again.labels == lab)
        let notLanded = RolloutTally(pending: 95, released: 5, toSendAgain: 1)
        #expect(wave(canary, notLanded, begun: 5, labels: lab, pending: [lab: 3]).limit == 5)
    }

    @Test("labels that get new devices while another wave is under way wait until that has landed")
    func newDevicesLater() {
        let tally = RolloutTally(pending: 95, released: 8, underWay: 1)
        #expect(wave(canary, tally, begun: 10, pending: [lab: 2]).labels == nil)
        let landed = wave(canary, RolloutTally(pending: 90, released: 10), begun: 10, pending: [lab: 2])
        #expect(landed.labels == lab && landed.limit == 12)
    }

    @Test("a wave that the YAML no longer has lets out no more, and has to land before the next one")
    func removedWave() {
        let without = Array(canary.dropFirst())
        let flying = RolloutTally(pending: 97, released: 3, underWay: 1)
        let kept = wave(without, flying, begun: 5, labels: lab)
        #expect(kept.labels == lab && kept.name == "site=lab")
        #expect(wave(without, RolloutTally(pending: 97, released: 3), begun: 5, labels: lab).limit == 10)
    }

    @Test("a card on which the roll-out has switched a profile off is finished before the next wave begins")
    func unfinishedCard() {
        let tally = RolloutTally(pending: 96, released: 4, toFinish: 1)
        #expect(wave(canary, tally, begun: 4, labels: lab).labels == lab)
        #expect(!tally.hasLanded && tally.toLand == 1)
    }
}
