import Testing

@testable import Reconciler

@Suite("What people are told by a controller")
struct NoticeBookTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func status(_ change: (inout ControllerStatus) -> Void = { _ in }) -> ControllerStatus {
        var status = ControllerStatus(startedAt: now, manifests: .init(origin: "fleet", commit: "4f2c"))
        status.sets = [.init(name: "meters", devices: 100, converged: 100)]
        status.accounts = [.init(name: Fleets.account)]
        change(&status)
        return status
    }

    @Test("each thing that needs a person is told, with the set and the commit")
    func kinds() {
        var book = NoticeBook(interval: .seconds(600))
        #expect(book.take(status(), at: now).isEmpty)
        let told = book.take(
            status { status in
                status.sets[0].failed = 3
                status.sets[0].held = 2
                status.sets[0].drift = 7
                status.sets[0].driftPolicy = .report
                status.sets[0].largeChange = "More than maxChange."
                status.sets[0].rollout = .init(startedAt: now, wave: 1, waveCount: 2, abort: "Too many failed.")
                status.manifests.problem = .init(at: now, commit: "91ab", text: "fleet.yaml:1:1")
                status.accounts[0].stopped = "Refused."
                status.accounts[0].refreshProblem = "Late."
            }, at: now)
        #expect(
            told.map(\.kind.rawValue) == [
                "aborted", "drift", "failed", "held", "held", "manifests", "stopped", "stopped",
            ])
        #expect(told.first { $0.kind == .failed }?.devices == 3)
        #expect(told.allSatisfy { $0.commit == ($0.kind == .manifests ? "91ab" : "4f2c") })
        #expect(told.filter { $0.profileSet == "meters" }.count == 5)
    }

    @Test("what lasts is told once; a number that grows is told again, after the interval; what is over may come again")
    func repeats() {
        var book = NoticeBook(interval: .seconds(600))
        func failed(_ count: Int, at time: Timestamp) -> [Int] {
            book.take(status { $0.sets[0].failed = count }, at: time).map(\.devices)
        }
        #expect(failed(1, at: now) == [1])
        #expect(failed(1, at: now + .seconds(3600)).isEmpty)
        #expect(failed(5, at: now + .seconds(3601)) == [5])
        #expect(failed(9, at: now + .seconds(3700)).isEmpty, "too soon")
        #expect(failed(9, at: now + .seconds(4300)) == [9])
        #expect(failed(4, at: now + .seconds(9000)).isEmpty, "it shrinks")
        #expect(failed(0, at: now + .seconds(9001)).isEmpty)
        #expect(failed(2, at: now + .seconds(9002)) == [2])
    }

    @Test("an account whose registration is still being looked up is no news")
    func unsettled() {
        var book = NoticeBook(interval: .seconds(600))
        let told = book.take(
            status { status in
                status.accounts[0].stopped = "Being looked up."
                status.accounts[0].isSettled = false
            }, at: now)
        #expect(told.isEmpty)
    }
}
