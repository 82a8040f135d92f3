import Testing

@testable import Reconciler

@Suite("The v1 device list")
struct AccountDeviceListTests {
    private func row(_ json: String) throws -> AccountDeviceRow {
        try #require(AccountDeviceRow(try JSONValue(json: Array(json.utf8))))
    }

    @Test("the carrier's sample of a row is read: an MDN is of no use, and what is absent is absent")
    func sample() throws {
        let row = try row(
            """
            {"accountName":"0000123456-00001","billingCycleEndDate":"2020-05-09T20:00:00-04:00","carrierInformations":[
            {"carrierName":"Verizon Wireless","servicePlan":"m2m4G","state":"active"}],"connected":false,
            "createdAt":"2019-08-07T10:42:15-04:00","deviceIds":[{"id":"5551234567","kind":"mdn"},
            {"id":"356938030001003","kind":"imei"}],"groupNames":["southwest"],"ipAddress":"0.0.0.0",
            "lastActivationBy":"Joe Q Public","lastActivationDate":"2019-08-07T10:42:34-04:00",
            "lastConnectionDate":"2020-03-12T04:23:37-04:00"}
            """)
        #expect(row.account == AccountName("0000123456-00001"))
        #expect(row.service == .active)
        #expect(row.groups == ["southwest"])
        #expect(row.identifiers.eids.isEmpty && row.identifiers.iccids.isEmpty)
        #expect(row.identifiers.imeis == [IMEI("356938030001003")])
        #expect(row.profileStatus == nil && row.smsr == nil && row.number == nil && row.customFields.isEmpty)
    }

    @Test(
        "names are compared without regard to case, and attributes without a value are passed over",
        arguments: [
            #"{"DEVICEIDS":[{"Kind":"ICCID","Id":"8914"},{"KIND":"eId","ID":"8904"}],"EXTENDEDATTRIBUTES":[{"Key":"DEVICEID","Value":"77"},{"KEY":"profile_status","VALUE":"DISABLE"}]}"#,
            #"{"deviceIds":[{"kind":"iccId","id":"8914"},{"kind":"eid","id":"8904"}],"extendedAttributes":[{"key":"PrimaryPlaceOfUseTitle"},{"key":"ProfileStatus","value":"DISABLE"},{"key":"DeviceId","value":77}]}"#,
            #"{"deviceIds":[{"kind":"iccid","id":8914}],"extendedAttributes":[{"key":"EID","value":"8904"},{"key":"DeviceId","value":"77"}],"ProfileStatus":"DISABLE"}"#,
        ])
    func spelling(json: String) throws {
        let row = try row(json)
        #expect(row.identifiers.eids == [EID("8904")])
        #expect(row.identifiers.iccids == [ICCID("8914")])
        #expect(row.number == 77)
        #expect(row.profileStatus == "DISABLE")
    }

    @Test(
        "of several lines Verizon's counts, and where that does not tell them apart the one that allows no change",
        arguments: [
            (#"[]"#, nil), (#"[{"carrierName":"Verizon Wireless"}]"#, nil),
            (#"[{"state":"deactive"}]"#, ServiceState.deactivated),
            (#"[{"carrierName":"Other","state":"deactive"},{"carrierName":"VERIZON","state":"Active"}]"#, .active),
            (#"[{"carrierName":"A","state":"active"},{"carrierName":"B","state":"suspend"}]"#, .suspended),
            (#"[{"carrierName":"A","state":"pending activation"}]"#, .other("pending activation")),
        ] as [(String, ServiceState?)])
    func lines(informations: String, expected: ServiceState?) throws {
        #expect(try row("{\"carrierInformations\":\(informations)}").service == expected)
    }

    private static func entry(_ number: String?) -> String {
        number.map { "{\"extendedAttributes\":[{\"key\":\"DeviceId\",\"value\":\"\($0)\"}]}" } ?? "{}"
    }

    /// Answers with their status, and the cursor of the next page.
    private static let pages: [(String, Int, UInt64?)] = [
        ("{\"hasMoreData\":false,\"devices\":[\(entry("5"))]}", 200, nil),
        ("{\"devices\":[]}", 200, nil),
        ("{\"devices\":[\(entry("5"))]}", 202, 5),
        ("{\"hasMoreData\":true,\"devices\":[\(entry("4")),\(entry("5"))]}", 200, 5),
        // Whoever says that there is more is believed.
        ("{\"hasMoreData\":false,\"devices\":[\(entry("5"))]}", 202, 5),
        ("{\"hasMoreData\":true,\"devices\":[\(entry("5")),\(entry(nil))]}", 202, 5),
        ("{\"hasMoreData\":false,\"devices\":[]}", 202, nil),
        ("{\"hasMoreData\":true,\"devices\":[\(entry("53539929273"))]}", 202, 53_539_929_273),
    ]

    @Test("200 is the end and 202 is success with more, which begins behind the last device", arguments: pages)
    func paging(answer: String, status: Int, next: UInt64?) throws {
        let page = try AccountDevicePage(try JSONValue(json: Array(answer.utf8)), status: status, after: 3)
        #expect(page.next == next)
    }

    @Test(
        "a list that does not advance, is in no order or tells no cursor is refused rather than read forever",
        arguments: [
            "{\"hasMoreData\":true,\"devices\":[\(entry("3"))]}", "{\"hasMoreData\":true,\"devices\":[\(entry("2"))]}",
            "{\"hasMoreData\":true,\"devices\":[]}", "{\"hasMoreData\":true,\"devices\":[\(entry(nil))]}",
            "{\"hasMoreData\":true,\"devices\":[\(entry("9")),\(entry("8"))]}",
            "{\"hasMoreData\":true,\"devices\":[\(entry("x"))]}", "{\"hasMoreData\":false}", "{\"devices\":{}}",
        ])
    func refused(answer: String) throws {
        let json = try JSONValue(json: Array(answer.utf8))
        #expect(throws: CarrierError.self) { try AccountDevicePage(json, status: 202, after: 3) }
    }
}
