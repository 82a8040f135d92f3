import Testing

@testable import Reconciler

@Suite("What accounts take in one call")
struct AccountLimitsTests {
    @Test("a refused batch is halved, and no limit grows again")
    func batches() {
        var limits = AccountLimits(account: Fleets.account)
        var sizes: [Int] = []
        var size: Int? = 87
        while let refused = size {
            sizes.append(refused)
            size = limits.refusedActions(refused)
        }
        #expect(sizes == [87, 43, 21, 10, 5, 2, 1] && limits.actionBatch == 1)
        limits.refusedActions(200)
        #expect(limits.actionBatch == 1)
        #expect(limits.refusedList(50) == 25 && limits.listBatch == 25 && limits.refusedList(1) == nil)
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
        let limits = AccountLimits(account: Fleets.account, actionBatch: 20, listBatch: nil, pageSize: 500)
        try await store.write { try $0.save(limits) }
        #expect(try await store.read { try $0.limits(of: Fleets.account) } == limits)
        let other = AccountName("other-00001")
        #expect(try await store.read { try $0.limits(of: other) } == AccountLimits(account: other))
        for size in [0, -1, 201, Int.max] {
            #expect(AccountLimits(account: other, actionBatch: size).actionBatch == nil)
        }
    }
}
