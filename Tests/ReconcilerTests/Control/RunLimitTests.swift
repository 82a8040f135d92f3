import Testing

@testable import Reconciler

@Suite("How long a run waits before its own work")
struct RunLimitTests {
    private let clock = ManualClock()

    @Test("work that ends in time has its result, and its errors are its own")
    func inTime() async throws {
        let limit = RunLimit(deadline: clock.now() + .seconds(1), stop: StopSwitch(wakeup: Wakeup()), clock: clock)
        #expect(try await limit.bounding("a test ran") { 7 } == 7)
        await #expect(throws: SettingsError.self) {
            try await limit.bounding("a test ran") { throw SettingsError("x") }
        }
    }

    @Test("at the deadline it is cut off, and the sentence says what was being done")
    func timedOut() async throws {
        let limit = RunLimit(deadline: clock.now(), stop: nil, clock: clock)
        let error = await #expect(throws: RunTimedOut.self) {
            try await limit.bounding("a test ran") { [clock] in try await clock.sleep(until: clock.now() + .seconds(60))
            }
        }
        #expect(error?.description.contains("while a test ran") == true)
    }

    @Test("a carrier that is busy beyond the deadline is not waited for")
    func busy() async throws {
        let until = clock.now() + .seconds(1800)
        let limit = RunLimit(deadline: clock.now() + .seconds(4), stop: nil, clock: clock)
        let error = await #expect(throws: RunTimedOut.self) {
            try await limit.bounding("a test ran") { throw AccountBusy(until: until) }
        }
        #expect(error?.description.contains("\(until)") == true)
    }

    @Test("what comes before takes from the time of the work, which has half of it at least")
    func rest() {
        let start = clock.now()
        let limit = RunLimit(timeout: .seconds(60), stop: nil, clock: clock)
        #expect(limit.deadline == start + .seconds(60))
        for (passed, rest) in [(0, 60), (20, 40), (55, 30)] {
            #expect(limit.rest(of: .seconds(60), since: start - .seconds(passed)) == .seconds(rest))
        }
        #expect(limit.rest(of: .seconds(60), since: start + .seconds(3600)) == .seconds(60), "the clock was set back")
        #expect(RunLimit(timeout: .milliseconds(1), stop: nil, clock: clock).deadline == start + .seconds(3))
    }

    @Test("a person ends it at once")
    func stopped() async throws {
        let stop = StopSwitch(wakeup: Wakeup())
        stop.stop()
        let limit = RunLimit(deadline: nil, stop: stop, clock: clock)
        await #expect(throws: RunStopped.self) {
            try await limit.bounding("a test ran") { [clock] in try await clock.sleep(until: clock.now() + .seconds(60))
            }
        }
    }
}
