/// What an answer means: by its body where that says something documented, by its status otherwise. The carrier has
/// several shapes of errors (`thingspace.md`, sections 1.4 and 6.1).
enum CarrierAnswer: Sendable {
    case success(JSONValue)
    /// The bearer token is wrong, missing or expired.
    case bearerEnded(CarrierRefusal)
    /// The session token is wrong, missing or expired.
    case sessionEnded(CarrierRefusal)
    /// One of the two tokens has ended, and the answer does not say which.
    case tokenEnded(CarrierRefusal)
    case refused(CarrierRefusal)
    /// It proves neither that the request was taken nor that it was not.
    case unproven(String)

    init(_ answer: HTTPAnswer) {
        let parts = ErrorParts(answer)
        self = Self.reading(parts) ?? Self.readingStatus(parts, GatewayPage(answer))
    }

    /// What the body says; `nil` if that is nothing documented, so that the status decides.
    private static func reading(_ parts: ErrorParts) -> CarrierAnswer? {
        let isError = parts.fault != nil || parts.code != nil
        if parts.status == 429 || parts.fault?.hasPrefix("9008") == true {
            return .refused(throttled(parts))
        }
        if parts.status == 503, parts.retryAfter != nil || isError {
            return .refused(
                parts.refusal(
                    .temporarilyUnavailable(retryAfter: parts.retryAfter),
                    "The carrier is not available for the moment; the call is made again later."))
        }
        if parts.status >= 500 || parts.status == 408 { return nil }
        if parts.isSuccess, parts.requestID != nil {
            // The requestId says that the request was taken; a code that says the opposite leaves it open.
            guard parts.fault != nil || parts.code?.isDocumented == true else { return .success(parts.body) }
            return .unproven(
                "the carrier's answer names a request and an error as well (HTTP status \(parts.status)"
                    + (parts.code.map { ", \($0.text)" } ?? "") + ")")
        }
        if let fault = parts.fault { return reading(fault: fault, parts) }
        if let code = parts.code {
            guard code.isDocumented else { return nil }
            return reading(code: code, parts)
        }
        if parts.saysSessionEnded { return .sessionEnded(parts.refusal(.notSignedIn, notSignedIn)) }
        return nil
    }

    /// What the status says where the body says nothing documented: a code of three digits is a status as well.
    private static func readingStatus(_ parts: ErrorParts, _ page: GatewayPage?) -> CarrierAnswer {
        switch parts.statusInWords {
        case 500..., 408:
            return .unproven(page?.sentence ?? "the carrier answered with HTTP status \(parts.status)")
        case 200..<300:
            if let code = parts.code ?? parts.error.map({ CarrierErrorCode($0) }) {
                return .unproven("the carrier answered with HTTP status \(parts.status) and the code \(code.text)")
            }
            return parts.body.isObject || parts.body.isArray
                ? .success(parts.body) : .unproven(page?.sentence ?? "the answer is no JSON that is documented")
        case 401, 403:
            return .tokenEnded(parts.refusal(.notSignedIn, notSignedIn))
        case 404, 405, 406:
            return .refused(unknownPath(parts))
        case 413:
            return .refused(parts.refusal(.tooLarge, "The request is too large for the carrier."))
        case 429:
            return .refused(throttled(parts))
        default:
            if let code = parts.code { return reading(code: code, parts) }
            return .refused(
                parts.refusal(
                    .accountOrConfiguration,
                    (page?.sentence.capitalizedSentence
                        ?? "The carrier refused the call with HTTP status \(parts.status)")
                        + ". Check thingspace.baseURL."))
        }
    }

    private static func reading(fault: String, _ parts: ErrorParts) -> CarrierAnswer {
        switch fault {
        case ErrorParts.unknownPath,
            "404" where parts.status == 404:
            .refused(unknownPath(parts))
        default: .bearerEnded(parts.refusal(.notSignedIn, notSignedIn))
        }
    }

    private static func reading(code: CarrierErrorCode, _ parts: ErrorParts) -> CarrierAnswer {
        let classification: CarrierRefusal.Classification
        switch code.errorClass {
        case .signIn: return .sessionEnded(parts.refusal(.notSignedIn, code.explanation))
        case .deviceFailed: classification = code.passes ? .unexpected : .badDevice
        case .deviceWaits: classification = .deviceNotActive
        case .tooLarge: classification = .tooLarge
        case .accountWaits:
            classification = !code.isDocumented ? .unknown : code.passes ? .onHold : .accountOrConfiguration
        case .alreadyDone: classification = .alreadyDone
        case .requestWrong: classification = .invalidRequest
        }
        return .refused(parts.refusal(classification, code.explanation))
    }

    /// Whether nothing is there under the path that was called, so that nobody has looked at what was sent.
    static func isOfUnknownPath(_ answer: HTTPAnswer) -> Bool {
        [404, 405].contains(answer.status) || ErrorParts(answer).fault == ErrorParts.unknownPath
    }

    private static let notSignedIn = "The carrier does not accept the tokens of this sign-in."

    private static func throttled(_ parts: ErrorParts) -> CarrierRefusal {
        parts.refusal(
            .throttled(retryAfter: parts.retryAfter),
            "The carrier has had too many requests; they are slowed down.")
    }

    private static func unknownPath(_ parts: ErrorParts) -> CarrierRefusal {
        var refusal = parts.refusal(
            .accountOrConfiguration, "The carrier does not know the path that was called. Check thingspace.baseURL.")
        refusal.isOfUnknownPath = true
        return refusal
    }
}

/// What an answer holds that may say that the call failed. A member that is null, empty or zero says nothing.
private struct ErrorParts {
    let status: Int
    let retryAfter: Duration?
    /// `null` where the body is no JSON.
    let body: JSONValue
    let requestID: String?
    /// The code of a WSO2 fault, as JSON or as XML.
    let fault: String?
    /// The carrier's error code, but for one that only repeats a status.
    let code: CarrierErrorCode?
    /// The error of OAuth or of the sister API: a word, no code.
    let error: String?
    /// The status that an error code repeats.
    private let repeatedStatus: Int?
    private let message: String

    static let unknownPath = "900906"

    init(_ answer: HTTPAnswer) {
        status = answer.status
        retryAfter = answer.retryAfter
        body = (try? JSONValue(json: answer.body)) ?? .null
        let text = body.isObject ? "" : String(decoding: answer.body.prefix(2000), as: UTF8.self)
        requestID = body["requestId"]?.identifier
        error = body["error"]?.errorCode
        let code = body["errorCode"]?.errorCode
        let number = code.flatMap { Int($0) }
        let isFaultCode = number.map { 900_000..<910_000 ~= $0 } ?? false
        fault = body["fault"]?["code"]?.errorCode ?? Self.faultCode(inXML: text) ?? (isFaultCode ? code : nil)
        repeatedStatus = number.flatMap { 100..<600 ~= $0 ? $0 : nil }
        self.code = repeatedStatus != nil || isFaultCode ? nil : code.map { CarrierErrorCode($0) }
        let words =
            body["errorMessage"]?.text ?? body["fault"]?["message"]?.text ?? body["error_description"]?.text
            ?? body["error"]?.text ?? body["message"]?.text
        message = words?.excerpt(limit: 200) ?? (text.contains("<") ? "" : text.excerpt(limit: 200))
    }

    var isSuccess: Bool { 200..<300 ~= status }

    /// The status that a code repeats stands for one that says nothing by itself.
    var statusInWords: Int {
        guard isSuccess || status == 400, let repeatedStatus, repeatedStatus >= 400 else { return status }
        return repeatedStatus
    }

    /// Whether a body without a code says that the session has ended: in the shape of the sister API, or with the code
    /// of a session within another text.
    var saysSessionEnded: Bool {
        if let error, DocumentedWords.endedSessionErrors[error] != nil { return true }
        return !isSuccess
            && message.split(whereSeparator: \.isWhitespace).contains {
                CarrierErrorCode(String($0)).errorClass == .signIn
            }
    }

    func refusal(_ classification: CarrierRefusal.Classification, _ explanation: String) -> CarrierRefusal {
        CarrierRefusal(classification: classification, code: code, message: message, explanation: explanation)
    }

    private static func faultCode(inXML text: String) -> String? {
        guard text.contains(":fault") || text.contains("<fault"),
            let start = text.range(of: "code>"), let end = text.range(of: "<", range: start.upperBound..<text.endIndex)
        else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }
}
