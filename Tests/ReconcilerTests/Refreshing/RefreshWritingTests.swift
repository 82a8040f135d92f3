import Testing

@testable import Reconciler

@Suite("What a refresh writes down, and when")
struct RefreshWritingTests {
    private let clock = SystemClock()
    private let scope = RefreshScope(accounts: [Fleets.account])

    /// The machine's clock, a second ahead.
    private struct ClockAhead: WallClock {
        func now() -> Timestamp { SystemClock().now() + .seconds(1) }
        func sleep(until deadline: Timestamp) async throws { try await SystemClock().sleep(until: deadline) }
    }

    @Test("to see again what is known is no new version of a record; a change is")
    func versions() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<2).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(
            [keys[0]: .downloadedEnabled, keys[1]: .downloadedEnabled], in: folder)
        for word in ["X", "DISABLE"] {
            let row = try #require(try ListCarrier.row(keys[1], status: word == "X" ? nil : word))
            let other = try #require(try ListCarrier.row(keys[0], status: "ENABLE"))
            let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: [other, row], next: nil) })
            _ = try await carrier.refresh(scope, lists: ListChoice(v2: false))
        }
        let after = try await store.records(keys)
        // The first reading brought another word for the same state, the second nothing.
        #expect(after[0]?.version == 2)
        #expect(after[0]?.observation?.source == .deviceListV1)
        #expect(after[1]?.version == 2)
        #expect(after[1]?.observation?.state == .downloadedDisabled)
    }

    @Test("a hint that comes while the lists are on their way stays")
    func callbackMeanwhile() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(0)
        let store = try await SQLiteStore.knowing([key: .downloadedEnabled], in: folder)
        let carrier = ListCarrier(
            store, clock, rows: { filter in [ListCarrier.message(filter == "ENABLE" ? [key] : [])] },
            onQuestion: { filter in
                guard filter == "UNKNOWN" else { return }
                let text = """
                    {"requestId":"theirs","deviceIds":[{"kind":"Iccid","id":"\(key.iccid)"}],
                    "deviceResponse":{"deviceProfileResponse":{"profileStatus":"DISABLE","euiccStatus":"EXECUTED_SUCCESS"}}}
                    """
                guard let kept = try? ReceivedCallback(json: Array(text.utf8)).kept(at: ClockAhead().now()) else {
                    return
                }
                try? await store.write { try $0.keep([kept]) }
                _ = try? await CallbackFolder(
                    store: store, clock: ClockAhead(), policy: ConvergencePolicy(), wakeup: Wakeup()
                ).readAll()
            })
        #expect(try await carrier.refresh(scope, lists: ListChoice(v1: false)).isWhole)
        let record = try #require(try await store.records([key])[0])
        // Somebody else's message proves nothing, and the list was asked for before it came.
        #expect(record.observation?.state == .downloadedEnabled)
        #expect(record.hint?.suggests == .downloadedDisabled)
        #expect(record.hint?.foreignRequest == RequestID("theirs"))
    }

    @Test("a refresh that is stopped changes nothing")
    func stopped() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(0)
        let store = try await SQLiteStore.knowing([key: .downloadedEnabled], in: folder)
        let row = try #require(try ListCarrier.row(key, status: "DISABLE"))
        let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: [row], next: nil) })
        let before = try await store.records([key])
        let report = try await carrier.refresh(scope, stop: { $0.stop() })
        #expect(report.ending == .interrupted)
        #expect(try await store.records([key]) == before)
    }

    @Test("all is written down when it suits others, and nothing before")
    func writesWhenItSuits() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(0)
        let store = try await SQLiteStore.knowing([key: .downloadedEnabled], in: folder)
        let row = try #require(try ListCarrier.row(key, status: "DISABLE"))
        let carrier = ListCarrier(store, clock, page: { _ in AccountDevicePage(rows: [row], next: nil) })
        let before = try await store.records([key])
        _ = try await carrier.refresh(
            scope,
            whileWriting: { write in
                let records = try await store.read { try $0.devices([key]) }
                #expect(records[key] == before[0])
                try await write()
                let written = try await store.read { try $0.devices([key]) }
                #expect(written[key]?.observation?.state == .downloadedDisabled)
            })
        let report = try await carrier.refresh(scope, whileWriting: { _ in })
        #expect(report.ending == .done)
    }
}
