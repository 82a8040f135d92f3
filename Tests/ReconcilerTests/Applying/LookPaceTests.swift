import Testing

@testable import Reconciler

@Suite("How often the state is looked at")
struct LookPaceTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)

    @Test("quick looks come at the poll interval, slow ones as seldom as keeps them to a sixth of the time")
    func rest() {
        for (took, rest) in [(0, 1_000), (2, 1_000), (200, 1_000), (300, 1_500), (1_000, 5_000), (1_999, 9_995)] {
            var pace = LookPace()
            let end = start + .milliseconds(took)
            pace.looked(from: start, to: end)
            #expect(pace.nextLook(after: end, pollInterval: .seconds(1)) == end + .milliseconds(rest), "\(took) ms")
        }
    }

    @Test("a clock that was set while the state was looked at keeps nobody from looking again")
    func clockSet() {
        for hours in [-5, 5] {
            var pace = LookPace()
            let end = start + .seconds(3600 * hours)
            pace.looked(from: start, to: end)
            #expect(pace.nextLook(after: end, pollInterval: .seconds(1)) <= end + .seconds(10), "\(hours) h")
            #expect(pace.nextLook(after: end, pollInterval: .seconds(1)) >= end + .seconds(1), "\(hours) h")
        }
    }
}
