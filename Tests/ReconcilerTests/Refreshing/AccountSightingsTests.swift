import Testing

@testable import Reconciler

@Suite("Putting the rows of lists together")
struct AccountSightingsTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func v1(_ json: String) throws -> AccountDeviceRow {
        try #require(AccountDeviceRow(try JSONValue(json: Array(json.utf8))))
    }

    private func v2(_ json: String, filter: String?) throws -> DeviceListAnswer {
        DeviceListAnswer(
            request: RequestNumber(1), filter: filter, devices: [], askedAt: now,
            rows: DeviceListRow.rows(in: try JSONValue(json: Array(json.utf8))))
    }

    @Test("rows of both lists about one device are one sighting, whatever identifiers they name")
    func identifiers() throws {
        let key = try Fleets.key(1)
        let imei = try #require(IMEI("356938030001003"))
        let rows = [
            (
                "{\"deviceIds\":[{\"kind\":\"eid\",\"id\":\"\(key.eid)\"},{\"kind\":\"iccid\",\"id\":\"\(key.iccid)\"}]}",
                true
            ),
            ("{\"ICCID\":\"\(key.iccid)\"}", true),
            // What names no ICCID may be about another profile of the card.
            ("{\"eid\":\"\(key.eid)\"}", false), ("{\"ids\":{\"kind\":\"imei\",\"id\":\"\(imei)\"}}", false),
        ]
        for (row, namesProfile) in rows {
            var sightings = AccountSightings(account: Fleets.account)
            sightings.add(try v2("{\"devices\":[\(row)]}", filter: "DISABLE"))
            sightings.place(among: [KnownIdentity(key: key, imei: imei)])
            #expect(sightings.devices.keys.sorted() == [key], "\(row)")
            #expect(sightings.devices[key]?.toldStates == (namesProfile ? [.downloadedDisabled] : []), "\(row)")
        }
    }

    @Test("a row that could be about several profiles of an eUICC, or about none that is known, says nothing")
    func ambiguous() throws {
        let key = try Fleets.key(1)
        let other = DeviceKey(eid: key.eid, iccid: try Fleets.iccid(2))
        var sightings = AccountSightings(account: Fleets.account)
        sightings.add(
            try v2("{\"devices\":[{\"eid\":\"\(key.eid)\"},{\"eid\":\"\(try Fleets.eid(9))\"}]}", filter: "ENABLE"))
        sightings.place(among: [KnownIdentity(key: key, imei: nil), KnownIdentity(key: other, imei: nil)])
        #expect(sightings.devices.isEmpty)
        #expect(sightings.ambiguousRows == 2)
    }

    @Test("a row that names several profiles of an eUICC says that they are there, and not how")
    func severalProfiles() throws {
        let key = try Fleets.key(1)
        let other = DeviceKey(eid: key.eid, iccid: try Fleets.iccid(2))
        var sightings = AccountSightings(account: Fleets.account)
        let ids =
            "{\"kind\":\"eid\",\"id\":\"\(key.eid)\"},{\"kind\":\"iccid\",\"id\":\"\(key.iccid)\"},"
            + "{\"kind\":\"iccid\",\"id\":\"\(other.iccid)\"}"
        sightings.add(
            [try v1("{\"deviceIds\":[\(ids)],\"profileStatus\":\"ENABLE\"}")], asOf: now)
        sightings.place(among: [KnownIdentity(key: key, imei: nil), KnownIdentity(key: other, imei: nil)])
        #expect(sightings.devices.count == 2)
        #expect(sightings.devices.values.allSatisfy { $0.tellings.isEmpty })
    }

    @Test("lines without an eUICC and rows of other accounts are left out, and counted where it matters")
    func leftOut() throws {
        var sightings = AccountSightings(account: Fleets.account)
        sightings.add(
            [
                try v1("{\"deviceIds\":[{\"kind\":\"iccId\",\"id\":\"89\"}]}"), try v1("{}"),
                try v1(
                    "{\"accountName\":\"other\",\"deviceIds\":[{\"kind\":\"iccId\",\"id\":\"89\"},{\"kind\":\"eid\",\"id\":\"1\"}]}"
                ),
            ], asOf: now)
        sightings.place(among: [])
        #expect(sightings.devices.isEmpty)
        #expect(sightings.rowsWithoutEID == 2)
    }

    @Test("a row's own word stands above the filter that it came with")
    func ownWord() throws {
        let key = try Fleets.key(1)
        var sightings = AccountSightings(account: Fleets.account)
        let row = "{\"devices\":[{\"eid\":\"\(key.eid)\",\"iccid\":\"\(key.iccid)\",\"profileStatus\":\"none\"}]}"
        for filter in DeviceListQuestion.statuses { sightings.add(try v2(row, filter: filter)) }
        #expect(sightings.devices[key]?.toldStates == [.downloadedDisabled])
    }

    @Test("where lists differ in the state of the line, the one that allows no change is believed")
    func service() throws {
        let key = try Fleets.key(1)
        for states in [["active", "suspend"], ["suspend", "active"]] {
            var sightings = AccountSightings(account: Fleets.account)
            for state in states {
                sightings.add(
                    try v2(
                        "{\"devices\":[{\"eid\":\"\(key.eid)\",\"iccid\":\"\(key.iccid)\",\"state\":\"\(state)\"}]}",
                        filter: nil))
            }
            #expect(sightings.devices[key]?.service == .suspended)
        }
    }

    @Test("answers that contradict each other about most devices, or forget most of what is known, are at fault")
    func doubts() throws {
        let keys = try (0..<30).map { try Fleets.key($0) }
        let proof = ListProof(isWhole: true, tellsEveryStatus: true, asOf: now)
        func sightings(_ statuses: [String?]) -> AccountSightings {
            var sightings = AccountSightings(account: Fleets.account)
            for status in statuses {
                guard let value = try? JSONValue(json: Array(ListCarrier.message(keys).utf8)) else { continue }
                sightings.add(
                    DeviceListAnswer(
                        request: RequestNumber(1), filter: status, devices: [], askedAt: now,
                        rows: DeviceListRow.rows(in: value)))
            }
            return sightings
        }
        func identities(told: Int) -> [KnownIdentity] {
            keys.enumerated().map { KnownIdentity(key: $0.element, imei: nil, isTold: $0.offset < told) }
        }
        #expect(sightings(["ENABLE", "DISABLE"]).doubts(proof, among: []).areTooMany(maxChange: 30))
        #expect(!sightings(["ENABLE"]).doubts(proof, among: identities(told: 30)).areTooMany(maxChange: 30))
        #expect(sightings([nil]).doubts(proof, among: identities(told: 30)).areTooMany(maxChange: 30))
        #expect(sightings(["UNKNOWN"]).doubts(proof, among: identities(told: 12)).areTooMany(maxChange: 30))
        #expect(sightings([nil]).doubts(proof, among: identities(told: 3)).areTooMany(maxChange: 30), "few as well")
        #expect(
            !sightings([nil]).doubts(proof, among: []).areTooMany(maxChange: 30), "nothing was known that could be lost"
        )
    }
}
