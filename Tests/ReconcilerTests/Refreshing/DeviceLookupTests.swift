import Synchronization
import Testing

@testable import Reconciler

@Suite("Looking devices up")
struct DeviceLookupTests {
    private let clock = SystemClock()

    private static func refused(_ code: String?, _ classification: CarrierRefusal.Classification = .invalidRequest)
        -> CarrierRefusal
    {
        CarrierRefusal(
            classification: classification, code: code.map { CarrierErrorCode($0) }, message: "", explanation: "No.")
    }

    @Test(
        "a refused v2 list and a v1 list without status answer nothing",
        arguments: [
            refused("INPUT_INVALID.X"), refused(nil, .accountOrConfiguration),
            refused("REQUEST_FAILED.FeatureNotAvailable"), refused("404", .accountOrConfiguration),
        ])
    func refusedLists(refusal: CarrierRefusal) async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(in: folder)
        let carrier = ListCarrier(
            store, clock, one: { iccid in keys.first { $0.iccid == iccid }.flatMap { try? ListCarrier.row($0) } },
            refusal: { _ in refusal })
        let result = try await carrier.lookUp(keys)
        #expect(result.answered.isEmpty)
        guard case .tellsNoStatus = result.problem else {
            Issue.record("\(result)")
            return
        }
        let records = try await store.records(keys)
        #expect(
            records.allSatisfy { $0?.observation == nil && $0?.service == .active }, "the line is known all the same")
        let both = ListCarrier(
            store, clock, one: { _ throws(CarrierError) in throw .refused(refusal) }, refusal: { _ in refusal })
        let nothing = try await both.lookUp(keys)
        #expect(nothing.answered.isEmpty && nothing.problem != nil)
    }

    @Test("a part that is not answered holds up no other, and is asked for again")
    func partsStandAlone() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<120).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(in: folder)
        let carrier = ListCarrier(
            store, clock,
            answer: { _, asked in asked.contains(keys[60]) ? [] : [ListCarrier.message(asked, status: "ENABLE")] })
        let result = try await carrier.lookUp(keys, timeout: .milliseconds(1500))
        #expect(result.answered.count == 70)
        guard case .late = result.problem else {
            Issue.record("\(result)")
            return
        }
        let records = try await store.records(keys)
        #expect(records.compactMap(\.self).count == 70, "nothing is written of the others")
        #expect(carrier.questions.count > 3, "a lost answer is asked for again")
    }

    @Test("an answer that failed or cannot be read is asked for again")
    func failedAnswers() async throws {
        for bad in [
            "{\"faultResponse\":{\"faultcode\":\"REQUEST_FAILED.UnexpectedError\"}}",
            "{\"status\":\"Failed\",\"devices\":[]}", "{\"devices\":{\"a\":1}}",
        ] {
            let folder = try TemporaryFolder()
            let keys = try (0..<2).map { try Fleets.key($0) }
            let store = try await SQLiteStore.knowing([keys[0]: .downloadedEnabled], in: folder)
            let once = Counter()
            let carrier = ListCarrier(
                store, clock,
                answer: { _, asked in once.next() == 1 ? [bad] : [ListCarrier.message(asked, status: "DISABLE")] })
            let result = try await carrier.lookUp(keys)
            #expect(result.answered == Set(keys) && result.problem == nil, "\(bad)")
            #expect(try await store.records(keys).allSatisfy { $0?.observation?.state == .downloadedDisabled })
            let never = ListCarrier(store, clock, answer: { _, _ in [bad] })
            let before = try await store.records(keys)
            let nothing = try await never.lookUp(keys, lists: ListChoice(v1: false), timeout: .milliseconds(300))
            #expect(nothing.answered.isEmpty && nothing.problem != nil, "\(bad)")
            #expect(try await store.records(keys) == before, "\(bad)")
        }
    }

    @Test("an empty answer about devices that are known is no answer")
    func emptyAnswer() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<2).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing([keys[0]: .downloadedEnabled, keys[1]: .notDownloaded], in: folder)
        let before = try await store.records(keys)
        let result = try await ListCarrier(store, clock, one: { _ in nil }).lookUp(keys)
        #expect(result.answered.isEmpty && result.problem != nil)
        #expect(try await store.records(keys) == before)
    }

    @Test("a device is gone if the list names others, or both lists agree")
    func gone() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<4).map { try Fleets.key($0) }
        let known = Dictionary(uniqueKeysWithValues: keys.prefix(3).map { ($0, ProfileState.downloadedEnabled) })
        let store = try await SQLiteStore.knowing(known, in: folder)
        let carrier = ListCarrier(
            store, clock,
            answer: { filter, asked in
                [ListCarrier.message(filter == nil ? asked.filter { $0 != keys[2] } : [], status: "ENABLE")]
            })
        let result = try await carrier.lookUp(Array(keys.prefix(3)))
        #expect(result.answered == Set(keys.prefix(3)))
        #expect(try await store.records(keys).map { $0?.service } == [.active, .active, .notOnAccount, nil])
        // Nothing is known of the fourth; neither list has it.
        let stranger = try await ListCarrier(store, clock, one: { _ in nil }).lookUp([keys[3]])
        #expect(stranger.answered == [keys[3]])
        #expect(try await store.records([keys[3]])[0]?.service == .notOnAccount)
    }

    @Test("one odd row leaves only its own device unanswered, with both numbers")
    func oddRow() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<3).map { try Fleets.key($0) }
        let short = "\(keys[1].iccid)".dropLast()
        let odd = DeviceKey(eid: keys[1].eid, iccid: try #require(ICCID(String(short))))
        let foreign = DeviceKey(eid: try Fleets.eid(77), iccid: keys[1].iccid)
        for row in [odd, foreign] {
            let store = try await SQLiteStore.knowing([keys[1]: .downloadedEnabled], in: folder)
            let carrier = ListCarrier(
                store, clock,
                answer: { _, _ in [ListCarrier.message([keys[0], row, keys[2]], status: "ENABLE")] })
            let result = try await carrier.lookUp(keys)
            #expect(result.answered == [keys[0], keys[2]])
            let reason = try #require(result.unclear[keys[1]])
            for number in ["\(keys[1].eid)", "\(keys[1].iccid)", "\(row.eid)", "\(row.iccid)"] {
                #expect(reason.contains(number), "\(reason)")
            }
            #expect(try await store.records([keys[1]])[0]?.service == .active)
        }
    }

    @Test("a device under several statuses is not answered, and stays as it is known")
    func contradiction() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<2).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing([keys[0]: .downloadedEnabled], in: folder)
        let before = try await store.records([keys[0]])
        let carrier = ListCarrier(
            store, clock,
            answer: { filter, _ in
                switch filter {
                case nil: [ListCarrier.message(keys)]
                case "ENABLE": [ListCarrier.message(keys)]
                case "NOT_DOWNLOADED": [ListCarrier.message([keys[0]])]
                default: [ListCarrier.message([])]
                }
            })
        let result = try await carrier.lookUp(keys, lists: ListChoice(v1: false))
        #expect(result.answered == [keys[1]] && result.problem != nil)
        #expect(result.unclear[keys[0]]?.contains("ENABLE, NOT_DOWNLOADED") == true, "\(result)")
        #expect(try await store.records([keys[0]]) == before)
    }

    @Test("a device whose status no list tells is not answered, and stays as it is known")
    func noStatus() async throws {
        let folder = try TemporaryFolder()
        let key = try Fleets.key(0)
        let store = try await SQLiteStore.knowing([key: .downloadedEnabled], in: folder)
        let before = try await store.records([key])
        let carrier = ListCarrier(
            store, clock, answer: { filter, _ in [ListCarrier.message(filter == nil ? [key] : [])] })
        let result = try await carrier.lookUp([key], lists: ListChoice(v1: false))
        guard result.answered.isEmpty, case .tellsNoStatus = result.problem else {
            Issue.record("\(result)")
            return
        }
        #expect(try await store.records([key]) == before)
    }

    @Test("a list filter that is too large is halved, and what the account takes is kept")
    func listBatch() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<40).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing(in: folder)
        let sizes = Sizes()
        let carrier = ListCarrier(
            store, clock, answer: { _, asked in [ListCarrier.message(asked, status: "ENABLE")] },
            refusal: { _ in sizes.isTooLarge ? Self.refused("INPUT_INVALID.NumberofDevices", .tooLarge) : nil },
            onSize: { sizes.asked($0, limit: 10) })
        #expect(try await carrier.lookUp(keys).answered.count == 40)
        #expect(try await store.read { try $0.limits(of: Fleets.account).listBatch } == 10)
        #expect(carrier.questions.map(\.devices) == [40, 20, 10, 10, 10, 10])
        #expect(try await carrier.lookUp(keys).answered.count == 40)
        #expect(carrier.questions.dropFirst(6).map(\.devices) == [10, 10, 10, 10], "nothing is refused again")
    }

    @Test("rows of an account that is spelt otherwise answer nothing, and nothing is gone")
    func otherSpelling() async throws {
        let folder = try TemporaryFolder()
        let keys = try (0..<2).map { try Fleets.key($0) }
        let store = try await SQLiteStore.knowing([keys[0]: .downloadedEnabled], in: folder)
        let before = try await store.records(keys)
        let spelling = AccountName("\(Fleets.account) ")
        let carrier = ListCarrier(
            store, clock,
            one: { iccid in
                keys.first { $0.iccid == iccid }.flatMap {
                    try? ListCarrier.row($0, status: "ENABLE", account: spelling)
                }
            })
        let result = try await carrier.lookUp(keys, lists: ListChoice(v2: false))
        #expect(result.answered.isEmpty)
        #expect(result.problem?.description.contains("\"\(spelling)\"") == true, "\(result)")
        #expect(try await store.records(keys) == before)
    }
}

/// Counts calls.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Remembers whether the latest request held more devices than an account takes.
private final class Sizes: Sendable {
    private let latest = Mutex(false)

    var isTooLarge: Bool { latest.withLock { $0 } }

    func asked(_ size: Int, limit: Int) { latest.withLock { $0 = size > limit } }
}
