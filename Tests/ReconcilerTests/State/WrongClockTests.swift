import Foundation
import Testing

@testable import Reconciler

@Suite("Times of a clock that was ahead")
struct WrongClockTests {
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)
    private static let tomorrow = now + .seconds(86_400)

    @Test("a lease that ends tomorrow is live only if its holder is seen to run")
    func lease() {
        func isLive(_ holder: String, until: Timestamp) -> Bool {
            Lease(name: .profileSet("a"), owner: "x", holder: holder, expiresAt: until).isLive(
                at: Self.now, isGone: { $0.isGone })
        }
        let mine = ProcessIdentity().description
        #expect(isLive("elsewhere 1 2 3", until: Self.now + RunLock.life))
        #expect(!isLive("elsewhere 1 2 3", until: Self.tomorrow))
        #expect(!isLive("", until: Self.tomorrow))
        #expect(isLive(mine, until: Self.tomorrow))
        #expect(!isLive(mine, until: Self.now))
    }

    @Test("marks of an account that lie too far ahead, or are damaged, stop nobody")
    func pace() {
        let times: [(Int64, Timestamp)] = [
            (.max, .distantPast), (.min, .distantPast), (0, Self.tomorrow), (0, Timestamp(milliseconds: .max)),
        ]
        for (nextAt, busyUntil) in times {
            var pace = AccountPace(
                account: Fleets.account, takenAt: .distantPast, nextAt: nextAt, busyUntil: busyUntil, refusals: .max)
            #expect(pace.takeTurn(at: Self.now, requestsPerSecond: 5) == .now, "\(nextAt) \(busyUntil)")
            pace.wasBusy(sentAt: Self.now, at: Self.now, retryAfter: nil, backOff: BackOff(), share: 0)
        }
        var pace = AccountPace(account: Fleets.account)
        #expect(pace.takeTurn(at: Self.now, requestsPerSecond: .leastNonzeroMagnitude) == .now)
        #expect(pace.takeTurn(at: Self.now, requestsPerSecond: 5) != .now)
    }

    @Test("a sign-in that ends tomorrow is over")
    func signIn() {
        func begins(until: Timestamp) -> Bool {
            var book = SignInBook(
                SignInRecord(credential: "user 1", contact: "user c", refusals: 0, at: Self.now),
                SignInContact(contact: "user c", attempt: SignInContact.Attempt(by: "other", until: until)))
            return book.begin(
                by: "me", at: Self.now, until: Self.now + .seconds(90), refusalsSeen: nil, isRetry: false,
                isGone: { _ in false }) == .go
        }
        #expect(begins(until: Self.tomorrow))
        #expect(!begins(until: Self.now + .seconds(80)))
    }

    private func operation(_ phase: Reconciler.Operation.Phase, at intendedAt: Timestamp) throws -> Reconciler.Operation
    {
        Operation(
            id: OperationID(1), key: try Fleets.key(1), action: .downloadEnable, account: Fleets.account,
            smsr: Fleets.smsr, attempt: 1, request: RequestNumber(1), intendedAt: intendedAt, run: nil, phase: phase,
            profileSet: nil)
    }

    @Test("an operation of tomorrow is due now, and what is read now settles it")
    func operation() throws {
        let policy = ConvergencePolicy()
        let failure = OperationFailure(code: nil, carrierText: nil, explanation: "Why.", remedy: .retry)
        let deadline = Self.tomorrow + .seconds(600)
        let phases: [Reconciler.Operation.Phase] = [
            .submitted(RequestID("r"), deadline: deadline), .enablePending(deadline: deadline),
            .failed(failure, retryAt: deadline), .withdrawn(reason: "x", retryAt: deadline),
        ]
        for phase in phases {
            let believed = try operation(phase, at: Self.tomorrow).believed(at: Self.now)
            #expect(believed.intendedAt == .distantPast && believed.phase != phase)
            let recent = try operation(phase, at: Self.now - .seconds(1))
            #expect(recent.believed(at: Self.now) == recent)
        }
        var open = try operation(phases[0], at: Self.tomorrow)
        let effect = open.received(.lookedUp(.notDownloaded, asOf: Self.now), at: Self.now, policy: policy)
        #expect(effect.changed && !open.isOpen)
        let evidence = Evidence(
            state: .notDownloaded, provenAt: Self.now - .seconds(1), hint: nil,
            attempt: Evidence.Attempt(intendedAt: Self.tomorrow, dueAt: deadline, isOpen: false))
        let rule = EvidenceRule(since: Self.now - .seconds(60))
        #expect(evidence.permission(for: .downloadEnable, at: Self.now, by: rule) == .permitted)
    }

    @Test("apply and refresh go on over a store of tomorrow's times")
    func goesOn() async throws {
        let fleet = try await SimulatedFleet([("a", 2)], rollout: "requestsPerSecond: 100")
        try await spoil(fleet, holder: "elsewhere 1 2 3")
        let applied = try await fleet.apply("a").result()
        #expect(applied.exitCode == 0, "\(applied.output)\(applied.errors)")
        try await spoil(fleet, holder: "elsewhere 1 2 3")
        let refreshed = try await fleet.refresh("a").result()
        #expect(refreshed.exitCode == 0, "\(refreshed.output)\(refreshed.errors)")
    }

    private func spoil(_ fleet: SimulatedFleet, holder: String) async throws {
        let tomorrow = SystemClock().now() + .seconds(86_400)
        let store = try SQLiteStore(path: fleet.storePath)
        try await store.write { transaction in
            try transaction.save(
                Lease(name: .recording(holder), owner: "refresh of a test", holder: holder, expiresAt: tomorrow))
            try transaction.save(
                Lease(name: .profileSet("a"), owner: "apply of a test", holder: holder, expiresAt: tomorrow))
            try transaction.save(
                AccountPace(
                    account: Fleets.account, takenAt: .distantPast, nextAt: .max, busyUntil: tomorrow, refusals: 1))
        }
    }
}
