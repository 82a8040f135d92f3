import Testing

@testable import Reconciler

@Suite("Rows of v2 device lists")
struct DeviceListRowTests {
    /// What a row tells of the profile that is ours.
    private enum Told: Equatable {
        case word(String)
        case nothing
        case unclear
        case notNamed
    }

    private static let eid = "89049032000000000000000004100062"
    private static let ours = "89148000000001204008"
    private static let other = "89148000000009999991"

    private func told(_ row: String) throws -> Told {
        let text = row.replacing("EID", with: Self.eid).replacing("OURS", with: Self.ours)
            .replacing("OTHER", with: Self.other)
        let rows = DeviceListRow.rows(in: try JSONValue(json: Array("{\"devices\":[\(text)]}".utf8)))
        let key = DeviceKey(eid: try #require(EID(Self.eid)), iccid: try #require(ICCID(Self.ours)))
        guard let mine = rows.first(where: { $0.identifiers.iccids == [key.iccid] }) else {
            return rows.contains { $0.identifiers.eids == [key.eid] } ? .notNamed : .nothing
        }
        #expect(mine.identifiers.eids.allSatisfy { $0 == key.eid })
        switch mine.status {
        case .stated(let word): return .word(word)
        case .none: return .nothing
        case .unclear: return .unclear
        }
    }

    private static let rows: [(String, Told)] = [
        (#"{"eid":"EID","iccid":"OURS","profileStatus":"ENABLE"}"#, .word("ENABLE")),
        (#"{"EID":"EID","ICCID":"OURS","ProfileStatus":"UPDATING"}"#, .word("UPDATING")),
        (
            #"{"deviceIds":[{"kind":"iccid","id":"OURS"},{"kind":"Eid","id":"EID"}],"profileStatus":"DISABLE"}"#,
            .word("DISABLE")
        ),
        // One row a card, with all of its profiles.
        (
            #"{"eid":"EID","profiles":[{"iccid":"OTHER","profileStatus":"ENABLE"},{"iccid":"OURS","profileStatus":"DELETE"}]}"#,
            .word("DELETE")
        ),
        (#"{"eid":"EID","profiles":[{"iccid":"OTHER","profileStatus":"ENABLE"}]}"#, .notNamed),
        (#"{"eid":"EID","profiles":[{"type":"bootstrap","profileStatus":"ENABLE"}]}"#, .notNamed),
        (#"{"eid":"EID","profileStatus":"ENABLE","profiles":[{"iccid":"OURS"}]}"#, .nothing),
        (#"{"eid":"EID","iccid":"OURS","profiles":[{"type":"bootstrap","profileStatus":"ENABLE"}]}"#, .unclear),
        (
            #"{"eid":"EID","formerProfile":{"iccid":"OTHER","profileStatus":"DELETE"},"profile":{"iccid":"OURS","profileStatus":"ENABLE"}}"#,
            .word("ENABLE")
        ),
        (
            #"{"eid":"EID","iccid":"OURS","profileStatus":"ENABLE","formerProfile":{"profileStatus":"DELETE"}}"#,
            .word("ENABLE")
        ),
        (#"{"eid":"EID","iccid":"OURS","formerProfile":{"profileStatus":"DELETE"}}"#, .unclear),
        // Contradictions.
        (#"{"eid":"EID","iccid":"OURS","profileStatus":"ENABLE","profile_status":"DELETE"}"#, .unclear),
        (
            #"{"eid":"EID","iccid":"OURS","profileStatus":"ENABLE","profiles":[{"iccid":"OURS","profileStatus":"Not Downloaded"}]}"#,
            .unclear
        ),
        (
            #"{"eid":"EID","iccid":"OURS","profileStatus":"ENABLE","extendedAttributes":[{"key":"ProfileStatus","value":"DOWNLOAD_ENABLE"}]}"#,
            .word("ENABLE")
        ),
        (
            #"{"eid":"EID","deviceIds":[{"kind":"iccid","id":"OURS"},{"kind":"iccid","id":"OTHER"}],"profileStatus":"ENABLE"}"#,
            .notNamed
        ),
        // Empty members say nothing.
        (#"{"eid":"EID","iccid":"OURS","profileStatus":""}"#, .nothing),
        (#"{"eid":"EID","iccid":"OURS","profileStatus":null}"#, .nothing),
    ]

    @Test("a status counts only beside the ICCID of its profile", arguments: rows.indices)
    func statuses(index: Int) throws {
        let (row, expected) = Self.rows[index]
        #expect(try told(row) == expected, "\(row)")
    }

    @Test(
        "the line's state is taken from documented members only",
        arguments: [
            (#""address":{"state":"AZ"}"#, nil), (#""state":"Suspend""#, ServiceState.suspended),
            (#""provisioningStatus":"DEACTIVATED""#, .deactivated), (#""deviceState":"Active""#, .active),
            (#""carrierInformations":[{"carrierName":"Verizon","state":"suspend"}]"#, .suspended),
            (#""billing":[{"state":"TX"}]"#, nil),
        ] as [(String, ServiceState?)])
    func lineState(member: String, expected: ServiceState?) throws {
        let text = "{\"devices\":[{\"eid\":\"\(Self.eid)\",\"iccid\":\"\(Self.ours)\",\(member)}]}"
        #expect(DeviceListRow.rows(in: try JSONValue(json: Array(text.utf8))).map(\.serviceState) == [expected])
    }

    @Test("the filter of a list tells nothing of one profile among several of a card")
    func filterAndCard() throws {
        let key = DeviceKey(eid: try #require(EID(Self.eid)), iccid: try #require(ICCID(Self.ours)))
        for (profiles, isTold) in [
            ("[{\"iccid\":\"\(Self.ours)\"}]", true),
            ("[{\"iccid\":\"\(Self.ours)\"},{\"iccid\":\"\(Self.other)\"}]", false),
        ] {
            let text = "{\"devices\":[{\"eid\":\"\(Self.eid)\",\"profiles\":\(profiles)}]}"
            var sightings = AccountSightings(account: Fleets.account)
            sightings.add(
                DeviceListAnswer(
                    request: RequestNumber(1), filter: "ENABLE", devices: [],
                    askedAt: Timestamp(milliseconds: 1_790_000_000_000),
                    rows: DeviceListRow.rows(in: try JSONValue(json: Array(text.utf8)))))
            sightings.place(among: [KnownIdentity(key: key, imei: nil)])
            #expect((sightings.devices[key]?.toldStates == [.downloadedEnabled]) == isTold, "\(profiles)")
        }
    }
}
