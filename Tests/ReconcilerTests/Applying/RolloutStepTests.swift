import Testing

@testable import Reconciler

@Suite("Letting a change out in waves")
struct RolloutStepTests {
    private func policy(_ waves: [RolloutPolicy.Amount], abortWhen: RolloutPolicy.AbortRule? = nil) -> RolloutPolicy {
        self.policy(waves: waves.map { .upTo($0) }, abortWhen: abortWhen)
    }

    private func policy(waves: [RolloutPolicy.Wave], abortWhen: RolloutPolicy.AbortRule? = nil) -> RolloutPolicy {
        var policy = RolloutPolicy()
        policy.waves = waves
        policy.abortWhen = abortWhen
        return policy
    }

    private func step(
        _ policy: RolloutPolicy, _ tally: RolloutTally, record: RolloutRecord? = nil, pauses: [Pause] = []
    ) -> RolloutStep {
        RolloutStep(of: "meters", policy: policy, tally: tally, record: record, pauses: pauses)
    }

    @Test(
        "waves are shares of the change or numbers of devices, at least one device, and end with all of them",
        arguments: [
            ([], 100, [100]), ([.percent(1), .percent(10), .percent(100)], 1000, [10, 100, 1000]),
            ([.percent(1), .percent(10)], 30, [1, 3, 30]), ([.percent(1), .percent(2), .percent(3)], 10, [1, 10]),
            ([.devices(5), .percent(50)], 100, [5, 50, 100]), ([.devices(500)], 100, [100]),
            ([.percent(0)], 7, [1, 7]),
            ([.percent(10)], 0, [0]),
        ] as [([RolloutPolicy.Amount], Int, [Int])])
    func limits(waves: [RolloutPolicy.Amount], total: Int, expected: [Int]) {
        let limits = RolloutWave.steps(waves.map { .upTo($0) }, total: total).map { step in
            if case .upTo(let limit, _) = step { limit } else { -1 }
        }
        #expect(limits == expected)
    }

    @Test("a wave is filled up, and the next one starts when all of it has landed")
    func waves() {
        let policy = policy([.percent(10), .percent(50)])
        func at(_ limit: Int, _ tally: RolloutTally) -> RolloutStep {
            step(
                policy, tally,
                record: RolloutRecord(
                    number: RolloutNumber(1), profileSet: "meters", startedAt: Timestamp(milliseconds: 1),
                    waveLimit: limit))
        }
        let begin = step(policy, RolloutTally(pending: 100, released: 0))
        #expect(begin.decision == .release(10))
        #expect(begin.wave.number == 1 && begin.wave.count == 3 && begin.wave.limit == 10 && begin.wave.name == "10%")
        #expect(at(10, RolloutTally(pending: 94, released: 6, underWay: 6)).decision == .release(4))
        let full = at(10, RolloutTally(pending: 90, released: 10, underWay: 1))
        #expect(full.decision == .release(0) && full.wave.number == 1)
        #expect(at(10, RolloutTally(pending: 90, released: 10, toSendAgain: 1)).decision == .release(0))
        let landed = at(10, RolloutTally(pending: 90, released: 10, failed: 2))
        #expect(landed.decision == .release(40) && landed.wave.number == 2 && landed.wave.limit == 50)
        #expect(at(50, RolloutTally(pending: 50, released: 50)).decision == .release(50))
        let changed = at(50, RolloutTally(pending: 95, released: 5, changedAgain: 25, underWay: 5))
        #expect(changed.decision == .release(20), "what it has let out for another state has had its place")
        // Whatever the change grows or shrinks by: a wave that has not landed lets no other one begin.
        for pending in [0, 5, 80, 190, 10_000] {
            #expect(at(10, RolloutTally(pending: pending, released: 10, underWay: 3)).decision == .release(0))
        }
        // A card with several profiles may fill a wave by more than its limit.
        #expect(at(10, RolloutTally(pending: 89, released: 11, underWay: 1)).decision == .release(0))
    }

    @Test("a roll-out is given up when more fail than allowed, and only while something is left to send")
    func abort() {
        let percent = policy([], abortWhen: .init(failed: .percent(5), atLeast: 20))
        #expect(step(percent, RolloutTally(pending: 10, released: 100, failed: 19)).decision == .release(10))
        #expect(step(percent, RolloutTally(pending: 10, released: 400, failed: 20)).decision == .release(10))
        guard case .abort(let reason) = step(percent, RolloutTally(pending: 10, released: 399, failed: 20)).decision
        else {
            Issue.record("20 of 399 are more than 5 %")
            return
        }
        #expect(reason.contains("20 of the 399") && reason.contains("meters") && reason.contains("5%"))
        #expect(step(percent, RolloutTally(pending: 0, released: 100, failed: 50)).decision == .release(0))
        let count = policy([], abortWhen: .init(failed: .devices(3), atLeast: 0))
        #expect(step(count, RolloutTally(pending: 10, released: 10, failed: 3)).decision == .release(10))
        guard case .abort = step(count, RolloutTally(pending: 10, released: 10, failed: 4)).decision else {
            Issue.record("4 are more than 3")
            return
        }
    }

    @Test("what was given up stays so, and a pause of the set or of everything lets nothing out")
    func held() {
        let now = Timestamp(milliseconds: 1000)
        let tally = RolloutTally(pending: 10, released: 0)
        let record = RolloutRecord(
            number: RolloutNumber(7), profileSet: "meters", startedAt: now,
            abort: RolloutRecord.Abort(at: now, reason: "too many"))
        #expect(step(policy([]), tally, record: record).decision == .aborted("too many"))
        for (scope, holds) in [
            (Pause.Scope.everything, true), (.profileSet("meters"), true), (.profileSet("cars"), false),
        ] {
            let pause = Pause(scope: scope, by: "ann", reason: "", at: now)
            let decision = step(policy([]), tally, pauses: [pause]).decision
            #expect(decision == (holds ? .paused(pause) : .release(10)))
        }
    }

    @Test("the order of a roll-out is the same every time, another one for each set, and unrelated to the keys")
    func order() throws {
        let keys = try (0..<1000).map { DeviceKey(eid: try Fleets.eid($0), iccid: try Fleets.iccid($0)) }
        let order = keys.indices.sorted {
            keys[$0].eid.rolloutOrder(in: "meters") < keys[$1].eid.rolloutOrder(in: "meters")
        }
        #expect(Set(keys.map { $0.eid.rolloutOrder(in: "meters") }).count == 1000)
        #expect(
            order
                != keys.indices.sorted { keys[$0].eid.rolloutOrder(in: "cars") < keys[$1].eid.rolloutOrder(in: "cars") }
        )
        // The mean place of the first hundred is near the middle.
        let mean = Double(order.prefix(100).reduce(0, +)) / 100
        #expect(400...600 ~= mean, "\(mean)")
    }
}
