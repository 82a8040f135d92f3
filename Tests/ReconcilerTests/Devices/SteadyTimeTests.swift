import Testing

@testable import Reconciler

@Suite("The time of a process")
struct SteadyTimeTests {
    private static let second: Int64 = 1_000_000_000
    private static let start: Int64 = 1_790_000_000 * second

    @Test(
        "a clock that is set changes no wait by more than a tenth", arguments: [-3600, 3600, -86_400 * 9000] as [Int64])
    func step(seconds: Int64) {
        var time = SteadyTime()
        var last = time.now(wall: Self.start, monotonic: 0)
        #expect(last == Self.start)
        for passed in 1...60 as ClosedRange<Int64> {
            let now = time.now(wall: Self.start + (passed + seconds) * Self.second, monotonic: passed * Self.second)
            let gone = now - last
            #expect(gone >= Self.second * 9 / 10 && gone <= Self.second * 11 / 10, "time never goes back, nor leaps")
            last = now
        }
        let away = (Self.start + (60 + seconds) * Self.second) - last
        #expect(abs(away) == abs(seconds) * Self.second - 6 * Self.second, "the new time is approached")
    }

    @Test("a small difference is taken over, and then the clocks agree")
    func slew() {
        var time = SteadyTime()
        _ = time.now(wall: Self.start, monotonic: 0)
        let now = time.now(wall: Self.start + 10 * Self.second + 5, monotonic: 10 * Self.second)
        #expect(now == Self.start + 10 * Self.second + 5)
        #expect(time.now(wall: .min, monotonic: 0) == now, "a monotonic clock that goes back counts as standing still")
        #expect(time.now(wall: .max, monotonic: .max) > now)
    }

    @Test("the sentence about it says which way the clock was set")
    func sentence() {
        #expect(ClockStep(.zero) == nil)
        #expect(ClockStep(.seconds(-3600))?.description.contains("set back") == true)
        #expect(ClockStep(.seconds(3600))?.description.contains("set forward") == true)
    }
}
