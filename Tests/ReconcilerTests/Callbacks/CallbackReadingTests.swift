import Testing

@testable import Reconciler

@Suite("What a callback says")
struct CallbackReadingTests {
    /// Reads a message; `|` ends the members at its top, and those of the profile response follow.
    private func read(_ members: String) throws -> CallbackReading {
        let parts = members.split(separator: "|", omittingEmptySubsequences: false)
        let top = parts[0].isEmpty ? "" : parts[0] + ","
        let json =
            "{\"requestId\":\"r\",\(top)\"deviceResponse\":{\"deviceProfileResponse\":{\(parts.last ?? "")}}}"
        return try CallbackMessage(json: Array(json.utf8)).reading
    }

    private static let success = #""euiccStatus":"EXECUTED_SUCCESS""#

    @Test(
        "members that come twice with different values say nothing",
        arguments: [
            #""status":"Success","status":"Failed"|"euiccStatus":"EXECUTED_SUCCESS""#,
            #""status":"Failed","Status":"Success"|"euiccStatus":"EXECUTED_SUCCESS""#,
            #"|"profileStatus":"ENABLE","euiccStatus":"EXECUTED_SUCCESS","profileStatus":"DISABLE""#,
            #""requestId":"other"|"euiccStatus":"EXECUTED_SUCCESS""#,
        ])
    func contradictoryMembers(members: String) throws {
        guard case .unclear(let why) = try read(members) else { return #expect(Bool(false), "\(members)") }
        #expect(why.contains("twice"))
    }

    @Test("a member that comes twice with one value says it once")
    func repeatedMember() throws {
        let reading = try read(#""status":"Success","status":"Success"|"euiccStatus":"EXECUTED_SUCCESS""#)
        #expect(reading == .succeeded(profileStatus: nil))
    }

    @Test("the carrier's own samples are read")
    func samples() throws {
        func reading(_ name: String) throws -> CallbackReading {
            try CallbackMessage(json: Array(try Repository.sample(name))).reading
        }
        #expect(try reading("callback-success") == .succeeded(profileStatus: "DOWNLOAD_ENABLE"))
        #expect(try reading("callback-success-after-warning") == .succeeded(profileStatus: "DOWNLOAD_ENABLE"))
        guard case .enablePending("8.2.1,3.9", _) = try reading("callback-warning") else {
            return #expect(Bool(false), "no warning")
        }
    }

    @Test(
        "only documented words are a success",
        arguments: [
            ("|\(success)", nil), ("|\(success),\"profileStatus\":null", nil),
            ("|\(success),\"profileStatus\":\"\"", nil),
            ("\"status\":\"Success\"|\(success),\"profileStatus\":\"ENABLE\"", "ENABLE"),
            ("\"status\":null|\(success),\"profileStatus\":\"disable\"", "disable"),
            ("\"status\":\"Success\"|\"profileStatus\":\"Not Downloaded\"", "Not Downloaded"),
            ("|\"profileStatus\":\"none\"", "none"),
        ] as [(String, String?)])
    func succeeded(members: String, profileStatus: String?) throws {
        #expect(try read(members) == .succeeded(profileStatus: profileStatus))
    }

    @Test(
        "an undocumented profile status is unclear, with its text",
        arguments: [
            "UPDATING", "ERROR", "DOWNLOAD_FAILED", "UNKNOWN", "ENABLED", "DOWNLOADING", "PENDING", "DELETED",
            "ROLLED_BACK",
            "42",
        ], ["|\(success),", "|", "\"status\":\"Success\"|\(success),", "|\"euiccStatus\":\"EXECUTED_WITHWARNING\","])
    func profileStatus(word: String, before: String) throws {
        let reading = try read("\(before)\"profileStatus\":\"\(word)\"")
        #expect(reading.isUnclear)
        #expect(reading.summary.contains(word))
    }

    @Test(
        "an undocumented status is unclear, with its text, and never a success",
        arguments: ["Error", "Rejected", "Queued", "InProgress", "Delivered", "Pending", "Failure", "200", "Accepted"],
        ["|", "|\(success)", "|\"profileStatus\":\"DOWNLOAD_ENABLE\"", "|\"euiccStatus\":\"EXECUTED_WITHWARNING\""])
    func status(word: String, members: String) throws {
        let reading = try read("\"status\":\"\(word)\"\(members)")
        #expect(reading.isUnclear)
        #expect(reading.summary.contains(word))
    }

    @Test(
        "words that contradict each other are unclear, with both",
        arguments: [
            ("\"status\":\"Failed\"|\(success)", "EXECUTED_SUCCESS"),
            ("\"status\":\"Failed\"|\"euiccStatus\":\"EXECUTED_WITHWARNING\"", "Failed"),
            ("|\(success),\"euiccErrorCode\":\"8.1,5.1\"", "8.1,5.1"),
            ("\"faultResponse\":{\"faultcode\":\"REQUEST_FAILED.DeviceNotFound\"}|\(success)", "DeviceNotFound"),
            ("|\(success),\"euiccErrorCode\":[\"8.1\",\"5.1\"]", "8.1"),
            ("|\(success),\"euiccErrorDesc\":\"SM-DP refused\"", "SM-DP refused"),
            ("\"errorCode\":\"REQUEST_FAILED.UnexpectedError\"|\(success)", "UnexpectedError"),
            ("\"faultResponse\":[{},{\"faultcode\":\"REQUEST_FAILED.DeviceNotFound\"}]|\(success)", "DeviceNotFound"),
            ("\"faultResponse\":true|\(success)", "failure"),
            ("|\"euiccStatus\":\"EXECUTED_WITHWARNING\",\"profileStatus\":\"NOT_DOWNLOADED\"", "NOT_DOWNLOADED"),
        ])
    func contradiction(members: String, text: String) throws {
        let reading = try read(members)
        #expect(reading.isUnclear)
        #expect(reading.summary.contains(text))
    }

    @Test(
        "members that are null, empty or zero are no failure",
        arguments: [
            "\"faultResponse\":null", "\"faultResponse\":{}",
            "\"faultResponse\":{\"faultcode\":null,\"faultstring\":null}",
            "\"faultResponse\":{\"faultcode\":\"\",\"faultstring\":\"\"}", "\"faultResponse\":[]",
            "\"faultResponse\":\"\"",
            "\"faultResponse\":{\"faultcode\":\"0\",\"faultstring\":\"OK\"}", "\"faultResponse\":{\"faultcode\":0}",
        ], ["null", "\"\"", "\"0\"", "0"])
    func noFailure(fault: String, code: String) throws {
        #expect(try read("\(fault)|\(Self.success),\"euiccErrorCode\":\(code)") == .succeeded(profileStatus: nil))
    }

    @Test(
        "a failure carries its code, in the order of the documentation",
        arguments: [
            (
                "\"faultResponse\":{\"faultcode\":\"UnifiedWebService.REQUEST_FAILED.DeviceNotFound\",\"faultstring\":\"x\"}"
                    + "|\"euiccErrorCode\":\"8.1,5.1\"", "REQUEST_FAILED.DeviceNotFound", .person
            ),
            (
                "\"status\":\"Success\",\"faultResponse\":{\"faultcode\":\"REQUEST_ONHOLD.X\"}|", "REQUEST_ONHOLD.X",
                .retry
            ),
            (
                "\"faultResponse\":{\"faultcode\":\"INPUT_INVALID.DeviceState.Invalid\"}|",
                "INPUT_INVALID.DeviceState.Invalid", .retry
            ),
            ("\"faultResponse\":{\"faultcode\":\"REQUEST_FAILED.New\"}|", "REQUEST_FAILED.New", .retry),
            ("\"faultResponse\":{\"faultcode\":\"DeserializationFailed\"}|", "DeserializationFailed", .person),
            ("\"faultResponse\":{\"faultstring\":\"x\"}|", nil, .person),
            ("\"status\":\"Failed\"|\"euiccErrorCode\":\"8.1, 4.4\"", "8.1,4.4", .retry),
            ("\"status\":\"Failed\"|\"euiccStatusCode\":\"8.2.1,3.9\"", "8.2.1,3.9", .person),
            ("\"status\":\"Error\"|\"euiccErrorCode\":\"8.1,5.1\"", "8.1,5.1", .retry),
            ("|\"euiccStatus\":\"EXPIRED\",\"euiccStatusCode\":\"8.1,5.3\"", "8.1,5.3", .retry),
            ("|\"euiccStatus\":\"EXECUTED_FAILED\"", nil, .person), ("|\"euiccStatus\":\"NOTEXECUTED\"", nil, .person),
        ] as [(String, String?, OperationFailure.Remedy)])
    func failed(members: String, code: String?, remedy: OperationFailure.Remedy) throws {
        let reading = try read(members)
        guard case .failed(let failure) = reading else { return #expect(Bool(false), "\(reading)") }
        #expect(failure.code == code)
        #expect(failure.remedy == remedy)
    }

    @Test(
        "what says neither is unclear: it is looked up",
        arguments: [
            "|", "\"status\":\"Success\"|", "|\"euiccStatus\":\"DELIVEREDWITHNORESPONSE\"",
            "|\"euiccStatus\":\"SOMETHING\"",
            "|\"euiccStatus\":true,\"profileStatus\":\"ENABLE\"", "|\"euiccErrorCode\":\"8.2.1,3.3\"",
            "\"faultResponse\":{\"faultcode\":\"REQUEST_FAILED.DeviceAlreadyActive\"}|",
        ])
    func unclear(members: String) throws {
        #expect(try read(members).isUnclear)
    }

    @Test("the state of a line counts in a documented word only")
    func serviceState() throws {
        func state(_ word: String) throws -> ServiceState? {
            let json = "{\"deviceResponse\":{\"deviceProfileResponse\":{\"state\":\(word)}}}"
            return try CallbackMessage(json: Array(json.utf8)).serviceState
        }
        #expect(try state("\"Active\"") == ServiceState.active)
        #expect(try state("\"PENDING_ACTIVATION\"") == .other("PENDING_ACTIVATION"))
        for word in ["\"AZ\"", "null", "\"\"", "{}"] {
            let read = try state(word)
            #expect(read == nil)
        }
    }

    @Test(
        "identifiers are read with padding, hyphens and blanks",
        arguments: [
            ("iccid", "8914800000080078425F"), ("ICCID", "8914-8000-0008-0078-425"),
            ("iccid", "8914 8000 0008 0078 425f"),
            ("iccId", "8914800000080078425"),
        ])
    func identifiers(kind: String, id: String) throws {
        let json = "[{\"kind\":\"\(kind)\",\"id\":\"\(id)\"},{\"kind\":\"eid\",\"id\":\"8904-9032 0001\"}]"
        let identifiers = DeviceIdentifiers(try JSONValue(json: Array(json.utf8)))
        #expect(identifiers.iccids == [ICCID("8914800000080078425")].compactMap(\.self))
        #expect(identifiers.eids == [EID("890490320001")].compactMap(\.self))
    }
}

extension CallbackReading {
    fileprivate var isUnclear: Bool {
        if case .unclear = self { return true }
        return false
    }
}
