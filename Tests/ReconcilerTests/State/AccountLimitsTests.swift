import Testing

@testable import Reconciler

@Suite("What accounts take in one call")
struct AccountLimitsTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    @Test("a refused batch is halved, and a larger one never raises it")
    func batches() {
        var limits = AccountLimits(account: Fleets.account)
        var sizes: [Int] = []
        var size: Int? = 87
        while let refused = size {
            sizes.append(refused)
            size = limits.refusedActions(refused, at: Self.now)
        }
        #expect(sizes == [87, 43, 21, 10, 5, 2, 1] && limits.actionBatch == 1)
        limits.refusedActions(200, at: Self.now)
        #expect(limits.actionBatch == 1)
        #expect(limits.refusedList(50, at: Self.now) == 25 && limits.listBatch == 25)
        #expect(limits.refusedList(1, at: Self.now) == nil)
    }

    @Test("twice the size is tried after each day without a refusal")
    func growth() {
        func sizes(_ limits: AccountLimits, days: Int) -> [Int?] {
            let time = Self.now + .seconds(days * 86_400)
            return [limits.actionBatch(at: time), limits.listBatch(at: time), limits.pageSize(at: time)]
        }
        var limits = AccountLimits(
            account: Fleets.account, actionBatch: 1, listBatch: 25, pageSize: 500, learnedAt: Self.now)
        #expect(sizes(limits, days: 0) == [1, 25, 500] && sizes(limits, days: 1) == [2, 50, 1000])
        #expect(sizes(limits, days: 7) == [128, 50, 2000] && sizes(limits, days: 8) == [nil, 50, 2000])
        // A clock that was ahead has learned nothing.
        #expect(sizes(limits, days: -1) == [nil, 50, 2000])
        limits.refusedActions(2, at: Self.now + .seconds(86_400))
        #expect(sizes(limits, days: 1) == [1, 50, 1000] && sizes(limits, days: 2) == [2, 50, 2000])
    }

    @Test("who offers no request status is asked again after a week")
    func requestStatus() {
        var limits = AccountLimits(account: Fleets.account)
        #expect(limits.mayOfferRequestStatus(at: Self.now))
        limits.offersNoRequestStatus(at: Self.now)
        let days = [0, 6, 7, -1].map { Self.now + .seconds($0 * 86_400) }
        #expect(days.map(limits.mayOfferRequestStatus) == [false, false, true, true])
    }

    @Test("pages fall back to the documented sizes")
    func pages() {
        #expect(
            [5000, 2000, 1000, 500, 100, 7].map { AccountLimits.page(after: $0) } == [2000, 500, 500, 100, nil, nil])
    }

    @Test("limits are kept for each account, and numbers that are none are not believed")
    func kept() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        #expect(try await store.read { try $0.limits(of: Fleets.account) } == AccountLimits(account: Fleets.account))
        let limits = AccountLimits(
            account: Fleets.account, actionBatch: 20, listBatch: nil, pageSize: 500, learnedAt: Self.now,
            noRequestStatusAt: Self.now + .seconds(1))
        try await store.write { try $0.save(limits) }
        #expect(try await store.read { try $0.limits(of: Fleets.account) } == limits)
        let other = AccountName("other-00001")
        #expect(try await store.read { try $0.limits(of: other) } == AccountLimits(account: other))
        for size in [0, -1, 201, Int.max] {
            #expect(AccountLimits(account: other, actionBatch: size).actionBatch == nil)
        }
    }
}
