import Foundation
import Testing

@testable import Reconciler

@Suite("The pace of the calls to an account")
struct AccountPaceTests {
    private let start = Timestamp(milliseconds: 1_790_000_000_000)
    private let backOff = BackOff(first: .seconds(2), longest: .seconds(60))

    @Test("whoever asks when, no second sees more requests than the rate allows", arguments: [1, 2, 3] as [UInt64])
    func rate(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for rate in [0.5, 5, 40, 900] {
            var pace = AccountPace(account: Fleets.account)
            var taken: [Timestamp] = []
            var now = start
            for _ in 0..<4000 {
                // Several processes ask at once, now and then after an idle time.
                now =
                    now
                    + .milliseconds(
                        Int.random(in: 0..<100, using: &random) == 0 ? 700 : Int.random(in: 0...3, using: &random))
                if pace.takeTurn(at: now, requestsPerSecond: rate) == .now { taken.append(now) }
            }
            for (index, time) in taken.enumerated() {
                let within = taken[index...].prefix { $0 < time + .seconds(1) }.count
                // One at each end of the second, and those that make up for the lateness of 50 ms.
                #expect(Double(within) <= rate + 1 + rate * 0.05, "seed \(seed), rate \(rate)")
            }
            #expect(!taken.isEmpty)
        }
    }

    @Test("waiting that is not exact does not slow the line down")
    func lateness() {
        var pace = AccountPace(account: Fleets.account)
        var now = start
        for _ in 0..<1000 {
            while case .notBefore(let turn) = pace.takeTurn(at: now, requestsPerSecond: 100) {
                now = turn + .milliseconds(3)
            }
        }
        #expect(now - start <= .milliseconds(10_010))
    }

    @Test("after a busy answer nobody has a turn before the time, and Retry-After is taken at its word")
    func busy() {
        var pace = AccountPace(account: Fleets.account)
        #expect(pace.takeTurn(at: start, requestsPerSecond: 5) == .now)
        pace.wasBusy(sentAt: start, at: start, retryAfter: .seconds(7), backOff: backOff, share: 0.5)
        let until = start + .seconds(7)
        #expect(pace.takeTurn(at: start + .seconds(6), requestsPerSecond: 5) == .notBefore(until))
        #expect(pace.takeTurn(at: until, requestsPerSecond: 5) == .now)
        pace.wasBusy(sentAt: until, at: until, retryAfter: .seconds(86_400), backOff: backOff, share: 0.5)
        #expect(pace.busyUntil == until + AccountPace.longestWait, "a longer wait is not believed")
    }

    @Test("without Retry-After each wait is about twice the one before, up to a limit, and a success begins anew")
    func backsOff() {
        var pace = AccountPace(account: Fleets.account)
        var now = start
        for (share, full) in zip([0, 0.999, 0.5, 0, 0.5, 0.999, 0], [2, 4, 8, 16, 32, 60, 60]) {
            pace.wasBusy(sentAt: now, at: now, retryAfter: nil, backOff: backOff, share: share)
            let wait = pace.busyUntil - now
            #expect(wait >= .milliseconds(full * 500) && wait <= .seconds(full), "\(full)")
            #expect(abs(Double(wait.wholeMilliseconds) - Double(full) * 500 * (1 + share)) < 2)
            now = pace.busyUntil
        }
        #expect(pace.isOver(answerTo: now))
        pace.isServedAgain()
        pace.wasBusy(sentAt: now, at: now, retryAfter: nil, backOff: backOff, share: 0)
        #expect(pace.busyUntil - now == .seconds(1))
    }

    @Test("requests that were under way together are refused together, and that counts once")
    func together() {
        var pace = AccountPace(account: Fleets.account)
        for late in 0..<4 {
            pace.wasBusy(
                sentAt: start, at: start + .milliseconds(late * 10), retryAfter: nil, backOff: backOff, share: 0)
        }
        #expect(pace.refusals == 1 && pace.busyUntil == start + .seconds(1))
        #expect(!pace.isOver(answerTo: start), "an answer to a request from before says nothing")
        pace.wasBusy(sentAt: start, at: start, retryAfter: .seconds(9), backOff: backOff, share: 0)
        #expect(pace.refusals == 1 && pace.busyUntil == start + .seconds(9))
    }

    @Test("a clock that is set back stops nobody")
    func clockSetBack() {
        var pace = AccountPace(account: Fleets.account)
        #expect(pace.takeTurn(at: start + .seconds(86_400), requestsPerSecond: 5) == .now)
        #expect(pace.takeTurn(at: start, requestsPerSecond: 5) == .now)
        // Another process may have read the clock a little earlier than the one that was served before it.
        #expect(pace.takeTurn(at: start - .milliseconds(20), requestsPerSecond: 5) != .now)
    }

    @Test("an account has the narrowest rate of the sets that name it, and no other")
    func narrowest() async throws {
        func set(_ name: String, _ account: String, _ rate: Int, _ numbers: [Int]) throws -> String {
            try """
            apiVersion: profilectl/v1
            kind: ProfileSet
            metadata: {name: \(name)}
            defaults: {accountName: "\(account)", smsrOid: 1.2.3, state: downloaded-enabled}
            rollout: {requestsPerSecond: \(rate)}
            devices:
            \(numbers.map { "  - {eid: \"\(try Fleets.eid($0))\", iccid: \"\(try Fleets.iccid($0))\"}" }
                .joined(separator: "\n"))

            """
        }
        let fleet = try await Fleets.fleet(
            [try set("a", "1-1", 7, [1, 4]), try set("b", "1-1", 3, [2]), try set("c", "2-2", 9, [3])]
                .joined(separator: "---\n"))
        #expect(fleet.requestRates() == [AccountName("1-1"): 3, AccountName("2-2"): 9])
    }
}
