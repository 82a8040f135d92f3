import Testing

@testable import Reconciler

@Suite("Lists that are not believed")
struct DoubtedListTests {
    private let clock = SystemClock()
    private let scope = RefreshScope(accounts: [Fleets.account])

    @Test(
        "more than a share of what is known does not vanish, and never all of it",
        arguments: [
            (0, 0, true), (5, 0, true), (1, 1, false), (2, 1, true), (2, 2, false), (3, 2, false), (10, 3, true),
            (10, 4, false), (50, 50, false), (100, 30, true), (100, 31, false),
        ])
    func disappearance(known: Int, vanishing: Int, isBelievable: Bool) {
        #expect(Disappearance(known: known, vanishing: vanishing, maxChange: 30).isBelievable == isBelievable)
    }

    @Test("an account that seems to have lost its devices is not believed without a person", arguments: [4, 50])
    func vanishedFleet(count: Int) async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<count).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            Dictionary(uniqueKeysWithValues: keys.map { ($0, .downloadedEnabled) }), in: folder)
        let left = try #require(try ListCarrier.row(keys[0], state: "suspend"))
        for rows in [[], [left]] {
            let before = try await store.records(Array(keys.dropFirst()))
            let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: rows, next: nil) })
            let report = try await carrier.refresh(scope, lists: ListChoice(v2: false))
            let vanishing = count - rows.count
            #expect(report.accounts[0].gone == 0 && !report.isWhole && !report.lacksLists && report.hasDoubtedLists)
            #expect(
                report.accounts[0].problems.contains { $0.contains("\(vanishing) of \(count) devices") },
                "\(report.accounts[0].problems)")
            #expect(try await store.records(Array(keys.dropFirst())) == before)
        }
        #expect(try await store.records([keys[0]])[0]?.service == .suspended, "what the list names is written down")
        let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: [left], next: nil) })
        let report = try await carrier.refresh(scope, lists: ListChoice(v2: false), allowsLargeChange: true)
        #expect(report.accounts[0].gone == count - 1 && report.isWhole)
    }

    @Test(
        "rows of the account in another spelling are told, and never read as gone",
        arguments: ["\(Fleets.account) ", "342077109-00001", "0342077109\u{2013}00001"])
    func otherSpelling(name: String) async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<12).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            Dictionary(uniqueKeysWithValues: keys.map { ($0, .downloadedEnabled) }), in: folder)
        let before = try await store.records(keys)
        let rows = try keys.compactMap { try ListCarrier.row($0, status: "DISABLE", account: AccountName(name)) }
        let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: rows, next: nil) })
        let report = try await carrier.refresh(scope, lists: ListChoice(v2: false))
        let problem = try #require(report.accounts[0].problems.first)
        #expect(
            problem.contains("12 rows") && problem.contains("\"\(name)\"") && problem.contains("\"\(Fleets.account)\""))
        #expect(report.lacksLists && report.accounts[0].ofOtherAccounts == 12)
        #expect(try await store.records(keys) == before)
    }

    @Test("a list with only rows of another account is none, and some such rows are counted")
    func otherAccount() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing([keys[0]: .downloadedEnabled], in: folder)
        let foreign = try keys.dropFirst().compactMap {
            try ListCarrier.row($0, status: "ENABLE", account: AccountName("0999999999-00001"))
        }
        let only = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: foreign, next: nil) })
        let failed = try await only.refresh(scope, lists: ListChoice(v2: false))
        #expect(failed.lacksLists && failed.accounts[0].gone == 0)
        let mine = try #require(try ListCarrier.row(keys[0], status: "ENABLE"))
        let mixed = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: [mine] + foreign, next: nil) })
        let report = try await mixed.refresh(scope, lists: ListChoice(v2: false))
        #expect(report.isWhole && report.accounts[0].ofOtherAccounts == 2)
        #expect(try await store.records(keys).map { $0 == nil } == [false, true, true])
    }

    @Test("an odd row stops no account: its device is named with both numbers, and is not gone")
    func oddRow() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            [keys[0]: .downloadedEnabled, keys[1]: .downloadedEnabled], in: folder)
        let short = DeviceKey(
            eid: keys[1].eid, iccid: try #require(ICCID(String("\(keys[1].iccid)".dropLast()))))
        let rows = try [keys[0], short, keys[2]].compactMap { try ListCarrier.row($0, status: "DISABLE") }
        let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: rows, next: nil) })
        let report = try await carrier.refresh(scope, lists: ListChoice(v2: false))
        #expect(report.isWhole && report.accounts[0].unclearCount == 1 && report.accounts[0].gone == 0)
        let reason = try #require(report.accounts[0].unclear.first)
        #expect(reason.contains("\(keys[1].iccid)") && reason.contains("\(short.iccid)"))
        #expect(
            try await store.records(keys + [short]).map { $0?.observation?.state } == [
                .downloadedDisabled, .downloadedEnabled, .downloadedDisabled, nil,
            ])
    }

    @Test("v2 lists that fail, or are empty about what is known, make no known state unknown")
    func failedLists() async throws {
        let answers = [
            "{\"faultResponse\":{\"faultcode\":\"REQUEST_FAILED.UnexpectedError\"}}",
            "{\"status\":\"Failed\",\"devices\":[]}", "{\"devices\":null}", "{\"devices\":[]}",
        ]
        for answer in answers {
            let folder = try TemporaryFolder()
            let keys = try (0..<4).map { try Fleets.key($0) }
            let store = try await SQLiteStore.knowing(
                Dictionary(uniqueKeysWithValues: keys.map { ($0, .downloadedEnabled) }), in: folder)
            let rows = try keys.compactMap { try ListCarrier.row($0) }
            let before = try await store.records(keys)
            let carrier = ListCarrier(
                store, clock, page: { _ in AccountDevicePage(rows: rows, next: nil) }, rows: { _ in [answer] })
            let report = try await carrier.refresh(scope, timeout: .milliseconds(400))
            #expect(!report.isWhole, "\(answer)")
            #expect(try await store.records(keys) == before, "\(answer)")
        }
    }

    @Test("a v1 list takes smaller pages where larger ones are refused, and keeps their size")
    func pageSize() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(0)
        let store = try await SQLiteStore.knowing(in: folder)
        let row = try #require(try ListCarrier.row(key, status: "ENABLE"))
        let carrier = ListCarrier(
            store, clock, page: { _ in AccountDevicePage(rows: [row], next: nil) },
            pageRefusal: { size in
                size <= 100
                    ? nil
                    : CarrierRefusal(
                        classification: .invalidRequest, code: CarrierErrorCode("INPUT_INVALID.X"), message: "",
                        explanation: "No.")
            })
        for _ in 0..<2 { #expect(try await carrier.refresh(scope, lists: ListChoice(v2: false)).isWhole) }
        #expect(carrier.pageSizes == [2000, 500, 100, 100])
    }

    @Test("an account whose lists do not come keeps no other from being written down")
    func oneAccountLate() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(0)
        let store = try await SQLiteStore.knowing(in: folder)
        let row = try #require(try ListCarrier.row(key, status: "ENABLE"))
        let carrier = ListCarrier(
            store, clock, page: { _ in AccountDevicePage(rows: [row], next: nil) },
            onPage: { account in
                guard account != Fleets.account else { return }
                // The other account answers once the first one is written down.
                while try await store.records([key])[0] == nil { try await Task.sleep(for: .milliseconds(5)) }
            })
        let both = RefreshScope(accounts: [AccountName("0000000001-00001"), Fleets.account])
        let report = try await carrier.refresh(both, lists: ListChoice(v2: false))
        #expect(report.accounts.map(\.isWritten) == [true, true])
    }
}
