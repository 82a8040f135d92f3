import Testing

@testable import Reconciler

@Suite("Devices page by page")
struct DeviceQueryTests {
    /// Few different digits, so that prefixes are shared, also between the three kinds of identifiers.
    private func records(_ seed: UInt64) throws -> [DeviceRecord] {
        var random = SeededGenerator(seed: seed)
        func digits(_ lengths: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
            let length = Int.random(in: lengths, using: &random)
            return (0..<length).map { _ in ["0", "8", "9"].randomElement(using: &random) ?? "0" }.joined()
        }
        var records: [DeviceKey: DeviceRecord] = [:]
        for _ in 0..<400 {
            let key = DeviceKey(
                eid: try #require(EID(digits(1...6, &random))), iccid: try #require(ICCID(digits(1...6, &random))))
            let imei = Bool.random(using: &random) ? IMEI(digits(1...6, &random)) : nil
            records[key] = DeviceRecord(key: key, account: Fleets.account, imei: imei)
        }
        return Array(records.values)
    }

    @Test(
        "all pages together hold what begins with the digits, each device once", arguments: 1...4 as ClosedRange<UInt64>
    )
    func prefixes(seed: UInt64) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let records = try records(seed)
        try await store.write { try $0.save(records) }
        for text in [nil, "0", "8", "9", "80", "998", "0808", "888888", "0000000", "1"] {
            let prefix = text.flatMap { DigitPrefix($0) }
            let expected = records.filter { record in
                guard let text else { return true }
                return [record.key.eid.description, record.key.iccid.description, record.imei?.description ?? ""]
                    .contains { $0.hasPrefix(text) }
            }
            for limit in [1, 7, 1000] where limit > 1 || seed == 1 {
                var found: [DeviceKey] = []
                var after: DevicePosition?
                repeat {
                    let query = DeviceQuery(prefix: prefix, after: after, limit: limit)
                    let page = try await store.read { try $0.devices(query) }
                    #expect(page.devices.count <= limit)
                    found += page.devices.map(\.key)
                    // A position outlives its way through a URL.
                    after = page.next.flatMap { DevicePosition($0.description) }
                    #expect((after == nil) == (page.next == nil))
                } while after != nil
                #expect(found.count == Set(found).count, "seed \(seed), \(text ?? "all"), \(limit)")
                #expect(Set(found) == Set(expected.map(\.key)), "seed \(seed), \(text ?? "all"), \(limit)")
            }
        }
    }

    @Test("what is no prefix and no position is not taken for one")
    func nonsense() {
        for text in ["", "x", "1x", "١", String(repeating: "1", count: 33)] { #expect(DigitPrefix(text) == nil) }
        for text in ["", "eid", "eid.1", "eid.1.2.3", "imei.1.2", "imei.1.2.x", "x.1.2", "eid.x.2", "eid.1.2."] {
            #expect(DevicePosition(text) == nil)
        }
    }

    @Test("devices are found by how their operation stands, page by page")
    func standings() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        try await SampleController.fill(store, now: now)
        for (standing, remainder) in [(DeviceQuery.Standing.failed, 0), (.inFlight, 1), (.held, 2)] {
            let expected = try (0..<120).filter { $0 % 5 == remainder }.map { try Fleets.key($0) }
            for text in [nil, "8904", "8914", "35000000000000"] {
                var found: [DeviceKey] = []
                var after: DevicePosition?
                repeat {
                    let query = DeviceQuery(
                        prefix: text.flatMap { DigitPrefix($0) }, standing: standing, after: after, limit: 5)
                    let page = try await store.read { try $0.devices(query) }
                    found += page.devices.map(\.key)
                    after = page.next
                } while after != nil
                let isShort = text?.hasPrefix("35") == true
                #expect(
                    found == (isShort ? Array(expected.prefix(found.count)) : expected), "\(standing), \(text ?? "all")"
                )
                #expect(!found.isEmpty)
            }
        }
        // A position of another order finds nothing, instead of something else.
        let foreign = DeviceQuery(standing: .failed, after: DevicePosition("iccid.1.2"), limit: 5)
        #expect(try await store.read { try $0.devices(foreign).devices.isEmpty })
    }
}
