/// What an answer means, told by its body rather than by its status: the carrier has four shapes of errors
/// (`thingspace.md`, sections 1.4 and 6.1).
enum CarrierAnswer: Sendable {
    case success(JSONValue)
    /// The bearer token is wrong, missing or expired.
    case bearerEnded(CarrierRefusal)
    /// The session token is wrong, missing or expired.
    case sessionEnded(CarrierRefusal)
    case refused(CarrierRefusal)
    /// It proves neither that the request was taken nor that it was not.
    case unproven(String)

    init(_ answer: HTTPAnswer) {
        let body = (try? JSONValue(json: answer.body)) ?? .null
        let text = body.isObject ? "" : String(decoding: answer.body.prefix(2000), as: UTF8.self)
        let fault = Self.faultCode(body: body, text: text)
        let refusal = Refusal(answer: answer, body: body, text: text)

        if answer.status == 429 || fault?.hasPrefix("9008") == true {
            self = .refused(
                refusal.make(
                    .throttled(retryAfter: answer.retryAfter),
                    "The carrier has had too many requests; they are slowed down."))
        } else if answer.status == 503, answer.retryAfter != nil || fault != nil || body["errorCode"] != nil {
            self = .refused(
                refusal.make(
                    .temporarilyUnavailable(retryAfter: answer.retryAfter),
                    "The carrier is not available for the moment; the call is made again later."))
        } else if answer.status >= 500 || answer.status == 408 {
            self = .unproven("the carrier answered with HTTP status \(answer.status)")
        } else if 200..<300 ~= answer.status, body["errorCode"] == nil, fault == nil {
            self =
                body.isObject || body.isArray
                ? .success(body) : .unproven("the answer is no JSON that is documented")
        } else if let fault {
            self = Self.readFault(fault, refusal)
        } else if let code = body["errorCode"]?.text {
            self = Self.readCode(CarrierErrorCode(code), refusal)
        } else if body["error"]?.text?.foldedForComparison == "unauthorized" {
            self = .sessionEnded(refusal.make(.notSignedIn, Self.notSignedIn))
        } else if answer.status == 401 || answer.status == 403 {
            self = .bearerEnded(refusal.make(.accountOrConfiguration, Self.notSignedIn))
        } else if answer.status == 413 {
            self = .refused(refusal.make(.tooLarge, "The request is too large for the carrier."))
        } else {
            self = .refused(
                refusal.make(
                    .accountOrConfiguration,
                    "The carrier refused the call with HTTP status \(answer.status). Check thingspace.baseURL."))
        }
    }

    private static let notSignedIn = "The carrier does not accept the tokens of this sign-in."

    private static func readFault(_ fault: String, _ refusal: Refusal) -> CarrierAnswer {
        switch fault {
        case unknownPath,
            "404" where refusal.status == 404:
            .refused(
                refusal.make(
                    .accountOrConfiguration,
                    "The carrier does not know the path that was called. Check thingspace.baseURL."))
        default:
            .bearerEnded(refusal.make(.notSignedIn, notSignedIn))
        }
    }

    private static func readCode(_ code: CarrierErrorCode, _ refusal: Refusal) -> CarrierAnswer {
        let classification: CarrierRefusal.Classification
        switch code.meaning {
        case .sessionEnded: return .sessionEnded(refusal.make(.notSignedIn, code.explanation, code))
        case .badDevice: classification = .badDevice
        case .deviceNotActive: classification = .deviceNotActive
        case .tooLarge: classification = .tooLarge
        case .accountOrConfiguration: classification = .accountOrConfiguration
        case .alreadyDone: classification = .alreadyDone
        case .invalidRequest: classification = .invalidRequest
        case .unexpected: classification = .unexpected
        }
        return .refused(refusal.make(classification, code.explanation, code))
    }

    /// Whether nothing is there under the path that was called, so that nobody has looked at what was sent.
    static func isOfUnknownPath(_ answer: HTTPAnswer) -> Bool {
        let body = (try? JSONValue(json: answer.body)) ?? .null
        let text = body.isObject ? "" : String(decoding: answer.body.prefix(2000), as: UTF8.self)
        return [404, 405].contains(answer.status) || faultCode(body: body, text: text) == unknownPath
    }

    private static let unknownPath = "900906"

    /// The code of a WSO2 fault, as JSON or as XML.
    private static func faultCode(body: JSONValue, text: String) -> String? {
        if let code = body["fault"]?["code"]?.text { return code }
        guard text.contains(":fault") || text.contains("<fault"),
            let start = text.range(of: "code>"), let end = text.range(of: "<", range: start.upperBound..<text.endIndex)
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }

    private struct Refusal {
        let status: Int
        let message: String

        init(answer: HTTPAnswer, body: JSONValue, text: String) {
            status = answer.status
            let words =
                body["errorMessage"]?.text ?? body["fault"]?["message"]?.text ?? body["error_description"]?.text
                ?? body["error"]?.text
            message = words?.excerpt(limit: 200) ?? (text.contains("<") ? "" : text.excerpt(limit: 200))
        }

        func make(
            _ classification: CarrierRefusal.Classification, _ explanation: String, _ code: CarrierErrorCode? = nil
        ) -> CarrierRefusal {
            CarrierRefusal(classification: classification, code: code, message: message, explanation: explanation)
        }
    }
}
