/// An answer to a call.
struct Answer: Sendable {
    var status: Int
    var contentType = "application/json"
    var body: String
    var retryAfter: Int?
    /// Further fields of the head.
    var fields: [(name: String, value: String)] = []
    /// The request whose messages are delivered before this answer leaves.
    var awaitedRequest: String?

    static func ok(_ body: JSON, status: Int = 200) -> Answer {
        Answer(status: status, body: body.text)
    }

    /// The two-field error of the Connectivity Management API. Source: `thingspace.md`, section 6.1.
    static func error(_ code: String, _ message: String, status: Int = 400) -> Answer {
        ok(
            .object([("errorCode", .string("UnifiedWebService.\(code)")), ("errorMessage", .string(message))]),
            status: status)
    }

    /// The fault of the gateway. Source: `thingspace.md`, section 1.4.
    static func fault(_ code: String, _ message: String, status: Int) -> Answer {
        ok(
            .object([
                (
                    "fault",
                    .object([
                        ("code", .string(code)), ("message", .string(message)),
                        ("description", .string("Access failure for API: /api/m2m, version: v1")),
                    ])
                )
            ]), status: status)
    }

    static let wrongBearer = fault("900901", "Invalid Credentials", status: 401)
    static let missingBearer = fault("900902", "Missing Credentials", status: 401)
    static let tooLarge = error("INPUT_INVALID.RequestTooLarge", "The request is too large.", status: 413)
    static let wrongPath = fault("900906", "No matching resource found in the API for the given request", status: 400)
    static let sessionExpired = error("REQUEST_FAILED.SessionToken.Expired", "The session token has expired.")
    static let sessionMissing = error("REQUEST_FAILED.SessionToken.Format", "The session token is missing.")
    static let sessionInvalid = error("INPUT_INVALID.SessionToken.Invalid", "The session token is not valid.")

    /// The gateway's answer to a path that leads nowhere.
    static let notFound = fault("404", "Not Found", status: 404)

    /// A code of three digits, as newer descriptions of the API declare it for some calls.
    static func numeric(_ status: Int, _ message: String) -> Answer {
        ok(.object([("errorCode", .string(String(status))), ("errorMessage", .string(message))]), status: status)
    }

    /// A status and nothing else.
    static func bare(_ status: Int) -> Answer { Answer(status: status, contentType: "text/plain", body: "") }

    /// The page of something between the client and the carrier.
    static func page(_ status: Int) -> Answer {
        Answer(
            status: status, contentType: "text/html",
            body: "<html><head><title>\(status)</title></head><body><h1>Access denied</h1></body></html>")
    }

    /// The shape of the sister API, Cloud Connector.
    static let unauthorized = ok(
        .object([
            ("error", .string("unauthorized")), ("error_description", .string("The session has expired.")),
            ("cause", .string("session")),
        ]), status: 401)

    /// "Wrong authentication" comes as XML, with an inner code that contradicts the status.
    static let wrongAuthentication = Answer(
        status: 403, contentType: "application/xml",
        body: """
            <am:fault xmlns:am="http://wso2.org/apimanager"><am:code>404</am:code><am:type>Status report</am:type>\
            <am:message>Not Found</am:message><am:description>The requested resource is not available.</am:description></am:fault>
            """)
}
