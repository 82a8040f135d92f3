import Testing

@testable import Reconciler

@Suite("Lists that report errors, or are about something else")
struct ListErrorTests {
    private static let iccid = "89148000000000000019"
    private static let row = """
        {"deviceIds":[{"kind":"iccid","id":"89148000000000000019"}],"profileStatus":"Not Downloaded"}
        """

    private func message(_ members: String) -> DeviceListMessage {
        DeviceListMessage("{\"requestId\":\"l\",\(members)}")
    }

    @Test(
        "a list that says that it failed is no answer",
        arguments: [
            #""faultResponse":"SM-SR not reachable","#, #""faultResponse":[{"faultcode":"REQUEST_FAILED.X"}],"#,
            #""faultResponse":true,"#, #""status":{"code":"Failed"},"#, #""status":false,"#,
            #""errorCode":{"code":"500"},"#, #""error":"internal","#,
        ])
    func failed(member: String) {
        let content = message("\(member)\"devices\":[\(Self.row)]").content
        guard case .unusable = content else { return #expect(Bool(false), "\(content)") }
    }

    @Test(
        "a list is found neither in an echo of the request nor among errors",
        arguments: [#""request":{"devices":[ROW]}"#, #""deviceResponse":{"errors":[ROW]}"#])
    func aside(members: String) {
        let content = message(members.replacing("ROW", with: Self.row)).content
        switch content {
        case .unusable: break
        case .list(let rows), .device(let rows): #expect(rows.allSatisfy { $0.profileStatus == nil }, "\(content)")
        case .pending: #expect(Bool(false), "\(content)")
        }
    }

    @Test(
        "a row that reports an error says nothing of its profile",
        arguments: [
            #""errorCode":"500""#, #""status":"Failed""#, #""euiccErrorCode":"8.1,5.1""#, #""euiccStatus":"FAILED""#,
            #""euiccErrorDesc":"refused""#,
        ])
    func failedRow(member: String) throws {
        let row = Self.row.dropLast() + ",\(member)}"
        guard case .list(let rows) = message("\"devices\":[\(row)]").content else {
            return #expect(Bool(false), "\(member)")
        }
        #expect(rows.count == 1 && rows[0].profileStatus == nil, "\(member)")
        let v1 = try #require(AccountDeviceRow(try JSONValue(json: Array(row.utf8))))
        #expect(v1.profileStatus == nil && v1.unclearStatus != nil)
    }

    @Test("members that report nothing leave a row as it is")
    func noError() {
        let row = Self.row.dropLast() + #","errorCode":null,"error":"","euiccErrorCode":"0","euiccErrorDesc":null}"#
        guard case .list(let rows) = message("\"errorCode\":\"0\",\"devices\":[\(row)]").content else {
            return #expect(Bool(false))
        }
        #expect(rows.first?.profileStatus == "Not Downloaded")
    }

    @Test("the account that a list names stands for its rows (F44)")
    func account() throws {
        for members in [
            "\"accountName\":\"9999999999-00001\",\"devices\":[\(Self.row)]",
            "\"deviceResponse\":{\"accountName\":\"9999999999-00001\",\"devices\":[\(Self.row)]}",
        ] {
            guard case .list(let rows) = message(members).content else { return #expect(Bool(false), "\(members)") }
            #expect(rows.first?.account == AccountName("9999999999-00001"))
        }
        let page = try AccountDevicePage(
            try JSONValue(json: Array("{\"accountName\":\"9999999999-00001\",\"devices\":[\(Self.row)]}".utf8)),
            status: 200, after: 0)
        #expect(page.rows.first?.account == AccountName("9999999999-00001"))
    }

    @Test("what was before is not how a device is now")
    func past() {
        let row = """
            {"deviceIds":[{"kind":"iccid","id":"\(Self.iccid)"}],
            "previous":{"iccid":"\(Self.iccid)","profileStatus":"Not Downloaded"}}
            """
        guard case .list(let rows) = message("\"devices\":[\(row)]").content else { return #expect(Bool(false)) }
        #expect(rows.allSatisfy { $0.profileStatus == nil })
    }
}
