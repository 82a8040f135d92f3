import Testing

@testable import Reconciler

@Suite("Reading the carrier's answers")
struct CarrierAnswerTests {
    private func read(_ status: Int, _ body: String, retryAfter: Duration? = nil) -> String {
        switch CarrierAnswer(HTTPAnswer(status: status, retryAfter: retryAfter, body: Array(body.utf8))) {
        case .success: "success"
        case .bearerEnded: "bearer"
        case .sessionEnded: "session"
        case .tokenEnded: "either token"
        case .refused(let refusal): "\(refusal.classification)".split(separator: "(").first.map(String.init) ?? ""
        case .unproven: "unproven"
        }
    }

    private static let fault = "{\"fault\":{\"code\":\"%\",\"message\":\"m\",\"description\":\"d\"}}"

    @Test(
        "the body decides, not the status",
        arguments: [
            (401, fault.replacing("%", with: "900901"), "bearer"),
            (401, fault.replacing("%", with: "900902"), "bearer"),
            (400, fault.replacing("%", with: "900906"), "accountOrConfiguration"),
            (403, "<am:fault xmlns:am=\"http://wso2.org/apimanager\"><am:code>404</am:code></am:fault>", "bearer"),
            (
                404, "<am:fault xmlns:am=\"http://wso2.org/apimanager\"><am:code>404</am:code></am:fault>",
                "accountOrConfiguration"
            ),
            (429, fault.replacing("%", with: "900800"), "throttled"), (429, "", "throttled"),
            (
                400, "{\"errorCode\":\"UnifiedWebService.REQUEST_FAILED.SessionToken.Expired\",\"errorMessage\":\"x\"}",
                "session"
            ),
            (401, "{\"errorCode\":\"REQUEST_FAILED.SessionToken.Format\",\"errorMessage\":\"x\"}", "session"),
            (
                403, "{\"errorCode\":\"DeviceService.INPUT_INVALID.SessionToken.Invalid\",\"errorMessage\":\"x\"}",
                "session"
            ),
            (400, "{\"error\":\"unauthorized\",\"error_description\":\"x\"}", "session"), (401, "", "either token"),
            (
                400, "{\"errorCode\":\"UnifiedWebService.REQUEST_FAILED.DeviceNotFound\",\"errorMessage\":\"x\"}",
                "badDevice"
            ),
            (
                400, "{\"errorCode\":\"UnifiedWebService.INPUT_INVALID.DeviceState.Invalid\",\"errorMessage\":\"x\"}",
                "deviceNotActive"
            ),
            (400, "{\"errorCode\":\"INPUT_INVALID.NumberofDevices\",\"errorMessage\":\"x\"}", "tooLarge"),
            (400, "{\"errorCode\":\"INPUT_INVALID.MaxRequestsExceeded\",\"errorMessage\":\"x\"}", "tooLarge"),
            (
                400, "{\"errorCode\":\"REQUEST_FAILED.AccountNotFound\",\"errorMessage\":\"x\"}",
                "accountOrConfiguration"
            ),
            (400, "{\"errorCode\":\"error code string\",\"errorMessage\":\"error message string\"}", "unknown"),
            (200, "{\"requestId\":\"x\"}", "success"), (202, "{\"hasMoreData\":true}", "success"),
            (200, "[]", "success"),
            (200, "{\"requestId\":", "unproven"), (200, "<html>busy</html>", "unproven"), (200, "", "unproven"),
            (500, "{\"errorCode\":\"REQUEST_FAILED.UnexpectedError\",\"errorMessage\":\"x\"}", "unproven"),
            (502, "<html>bad gateway</html>", "unproven"), (503, "<html>later</html>", "unproven"),
            (503, fault.replacing("%", with: "101503"), "temporarilyUnavailable"), (504, "", "unproven"),
            (408, "", "unproven"), (413, "", "tooLarge"), (302, "", "accountOrConfiguration"),
        ])
    func shapes(status: Int, body: String, expected: String) {
        #expect(read(status, body) == expected)
    }

    @Test("the carrier's own samples of an answer and of an error are read")
    func samples() throws {
        #expect(read(200, String(decoding: try Repository.sample("response-request-id"), as: UTF8.self)) == "success")
        #expect(read(400, String(decoding: try Repository.sample("error-400"), as: UTF8.self)) == "unknown")
    }

    @Test("503 with Retry-After proves that nothing was taken")
    func retryAfter() {
        #expect(read(503, "", retryAfter: .seconds(3)) == "temporarilyUnavailable")
    }

    @Test(
        "a member that is null, empty or zero is no error",
        arguments: ["errorCode", "fault", "error", "errorMessage"], ["null", "\"\"", "\" \"", "0", "\"0\"", "false"])
    func noError(member: String, value: String) {
        #expect(read(200, "{\"requestId\":\"x\",\"\(member)\":\(value)}") == "success")
        #expect(read(200, "{\"devices\":[],\"\(member)\":\(value)}") == "success")
        #expect(read(200, "{\"requestId\":\"x\",\"fault\":{\"code\":\(value)}}") == "success")
    }

    @Test(
        "a code that only repeats a status says what the status says",
        arguments: [
            (401, "\"401\"", "either token"), (401, "401", "either token"), (403, "\"403\"", "either token"),
            (403, "403", "either token"), (400, "\"401\"", "either token"), (400, "403", "either token"),
            (200, "\"401\"", "either token"), (404, "\"404\"", "accountOrConfiguration"),
            (406, "406", "accountOrConfiguration"), (400, "\"404\"", "accountOrConfiguration"),
            (429, "\"429\"", "throttled"), (400, "\"429\"", "throttled"), (400, "\"400\"", "accountOrConfiguration"),
            (500, "\"401\"", "unproven"), (503, "\"503\"", "unproven"), (401, "\"900901\"", "bearer"),
        ])
    func numericCodes(status: Int, code: String, expected: String) {
        #expect(read(status, "{\"errorCode\":\(code),\"errorMessage\":\"Unauthorized\"}") == expected)
    }

    @Test(
        "401 and 403 without a documented code mean an ended token",
        arguments: [401, 403],
        [
            "", "Unauthorized", "<html><body>Forbidden</body></html>", "{\"message\":\"Unauthorized\"}", "[]", "{}",
            "{\"errorCode\":\"SOMETHING_NEW\"}", "{\"requestId\":\"of the gateway\",\"message\":\"Unauthorized\"}",
        ])
    func bareEndedToken(status: Int, body: String) {
        #expect(read(status, body) == "either token")
    }

    @Test("the code of a session counts wherever it stands in an error")
    func sessionCodeInText() {
        let code = "UnifiedWebService.REQUEST_FAILED.SessionToken.Expired"
        #expect(read(401, "{\"message\":\"Error: \(code).\"}") == "session")
        #expect(read(400, "\(code)") == "session")
    }

    @Test("a requestId beside a documented error proves nothing, and beside any other text that it was taken")
    func requestIDAndError() {
        #expect(read(200, "{\"requestId\":\"x\",\"errorCode\":\"REQUEST_FAILED.DeviceNotFound\"}") == "unproven")
        #expect(read(200, "{\"requestId\":\"x\",\"errorCode\":\"SUCCESS\"}") == "success")
        #expect(read(200, "{\"requestId\":\"x\",\"errorCode\":\"200\"}") == "success")
        #expect(read(200, "{\"requestId\":null,\"errorCode\":\"SOMETHING_NEW\"}") == "unproven")
        #expect(read(200, "{\"errorCode\":\"REQUEST_FAILED.DeviceNotFound\"}") == "badDevice")
    }

    @Test(
        "SM-SR codes are a subject and a reason; anything else stays opaque",
        arguments: [
            ("8.2.1,3.9", "8.2.1,3.9", false), ("8.1, 5.1", "8.1,5.1", true), ("8.1,4.4", "8.1,4.4", true),
            ("1.2.365", nil, false), ("1", nil, false), ("", nil, false), ("8.1,", nil, false), ("a,b", nil, false),
        ] as [(String, String?, Bool)])
    func euiccCodes(text: String, code: String?, isTransient: Bool) {
        #expect(EuiccCode(text)?.description == code)
        #expect(EuiccCode(text)?.isTransient ?? false == isTransient)
    }

    @Test("http is for loopback only, and a base URL holds no password")
    func baseURL() throws {
        for text in ["http://127.0.0.1:80/api", "http://localhost/api", "https://x.example/api/", "http://[::1]:9/api"]
        {
            #expect(throws: Never.self) { try BaseURL(text) }
        }
        for text in [
            "http://example.com/api", "ftp://x", "", "x", "https://u:p@example.com/api", "http://127.0.0.1.evil.com",
        ] {
            #expect(throws: InvalidBaseURL.self, "\(text)") { try BaseURL(text) }
        }
    }

    @Test("request bodies are as the carrier's page shows them")
    func requestBody() throws {
        let key = DeviceKey(
            eid: try #require(EID("678912789123453456784008666456")), iccid: try #require(ICCID("78425989148000000840"))
        )
        let body = ProfileActionBody(
            devices: [key], account: AccountName("1223334444-00001"),
            smsr: SmsrOid("1.3.6.1.4.1.31746.1.500.200.101.5")
        ).json
        let sample = try JSONValue(json: Array(try Repository.sample("request-download")))
        #expect(try JSONValue(json: body) == sample)
    }

    @Test("secrets appear in no description")
    func secrets() {
        let credentials = CarrierCredentials(
            clientID: "id", clientSecret: "hush-1", username: "user", password: "hush-2")
        let callbacks = CallbackCredentials(username: "user", password: "hush-3")
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(callbacks, to: &dumped)
        dumped +=
            "\(credentials) \(callbacks) \(String(reflecting: credentials)) \(credentials.user) \(credentials.client)"
        #expect(!dumped.contains("hush"))
    }
}
