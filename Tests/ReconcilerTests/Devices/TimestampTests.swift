import Testing

@testable import Reconciler

@Suite("Points in time")
struct TimestampTests {
    @Test("what is written is read back, to the millisecond")
    func roundTrip() {
        var random = SeededGenerator(seed: 3)
        for number in 0..<2000 {
            let milliseconds =
                number < 10 ? Int64(number) : Int64.random(in: -1_000_000..<4_000_000_000_000, using: &random)
            let time = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(time.description) == time, "\(milliseconds)")
        }
        #expect(Timestamp(milliseconds: 1_790_000_000_007).description == "2026-09-21T14:13:20.007Z")
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        for text in ["", "2026-09-21T14:13:20Z", "2026-09-21T14:13:20.1Z", "2026-09-21T14:13:20.0070Z", "x.007Z"] {
            #expect(Timestamp(text) == nil, "\(text)")
        }
    }
}
