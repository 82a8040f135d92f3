/// What can go wrong with a call that the carrier would have answered: on the way, at the gateway, with the sign-in.
public enum CarrierFault: String, CaseIterable, Codable, Sendable {
    /// The connection closes without an answer; the call was not taken, or was.
    case closedBefore = "closed-before"
    case closedAfter = "closed-after"
    /// The connection is reset (RST) without an answer; the call was not taken, or was.
    case resetBefore = "reset-before"
    case resetAfter = "reset-after"
    /// HTTP 500 or 502 with a word of plain text.
    case errorBefore = "error-before"
    case errorAfter = "error-after"
    /// The call is taken, and the answer comes after the client has given up.
    case slow
    /// A whole answer that holds half of the JSON.
    case truncated
    /// The connection closes within the answer.
    case cutOff = "cut-off"
    /// A page with status 200 instead of JSON.
    case pageBefore = "page-before"
    case pageAfter = "page-after"
    /// The gateway's page with status 502.
    case gatewayPageBefore = "gateway-page-before"
    case gatewayPageAfter = "gateway-page-after"
    /// The head and half of the body come, and then nothing until the client has given up.
    case stalled
    /// The body comes byte by byte, and is whole only after the client has given up.
    case trickling
    /// The right answer in gzip, which was not asked for.
    case gzip
    /// 302 to a page that asks people to sign in.
    case redirect
    /// The gateway's page with status 503 and without `Retry-After`.
    case gatewayBusy = "gateway-busy"
    /// An error that repeats what was sent: headers and body.
    case echo
    /// 503 with a `Retry-After` that is no usable number of seconds.
    case oddRetryAfter = "odd-retry-after"
    /// 429 with `Retry-After`, for this call and all others for a while.
    case tooMany = "too-many"
    /// 503 with `Retry-After`.
    case unavailable
    /// A token ends, told in each of the shapes that are known (`thingspace.md`, section 1.4).
    case bearerWrong = "bearer-wrong"
    case bearerMissing = "bearer-missing"
    case bearerForbidden = "bearer-forbidden"
    case sessionExpired = "session-expired"
    case sessionUnauthorized = "session-unauthorized"

    /// Whether the carrier takes the call all the same.
    public var isAfterAcceptance: Bool {
        switch self {
        case .closedAfter, .resetAfter, .errorAfter, .slow, .truncated, .cutOff, .pageAfter, .gatewayPageAfter,
            .stalled, .trickling, .gzip:
            true
        case .redirect, .gatewayBusy, .echo, .oddRetryAfter, .closedBefore, .resetBefore, .errorBefore, .pageBefore,
            .gatewayPageBefore, .tooMany, .unavailable,
            .bearerWrong,
            .bearerMissing, .bearerForbidden, .sessionExpired, .sessionUnauthorized:
            false
        }
    }

    /// Whether a token ends with it.
    public var endsToken: Bool { endsBearer || endsSession }
    var endsBearer: Bool { [.bearerWrong, .bearerMissing, .bearerForbidden].contains(self) }
    var endsSession: Bool { [.sessionExpired, .sessionUnauthorized].contains(self) }
}

extension CarrierFault {
    /// What the client gets.
    ///
    /// - Parameters:
    ///   - answer: what the carrier would have said: its answer, if it took the call.
    ///   - share: chance, from 0 up to 1.
    func reply(insteadOf answer: Answer, to call: Call, share: Double, options: SimulatorOptions) -> Reply {
        switch self {
        case .closedBefore, .closedAfter:
            return Reply(answer, ending: .nothing)
        case .resetBefore, .resetAfter:
            return Reply(answer, ending: .reset)
        case .errorBefore, .errorAfter:
            return Reply(
                Answer(status: share < 0.5 ? 500 : 502, contentType: "text/plain", body: "Internal error"))
        case .slow:
            return Reply(answer, delay: options.slowAnswer)
        case .truncated:
            var half = answer
            half.body = String(answer.body.prefix(answer.body.count / 2))
            return Reply(half)
        case .cutOff:
            return Reply(answer, ending: .cutOff)
        case .stalled:
            return Reply(answer, delay: options.slowAnswer, ending: .stalled)
        case .trickling:
            return Reply(answer, delay: options.slowAnswer, ending: .trickling)
        case .gzip:
            return Reply(answer, ending: .gzip)
        case .redirect:
            var redirect = Answer(status: 302, contentType: "text/html", body: Self.page)
            redirect.fields = [("Location", "https://signin.example.com/?back=/api")]
            return Reply(redirect)
        case .gatewayBusy:
            return Reply(Answer(status: 503, contentType: "text/html", body: Self.page))
        case .echo:
            return Reply(.error("REQUEST_FAILED.UnexpectedError", "The call failed: \(call.wording)", status: 500))
        case .oddRetryAfter:
            var refusal = Answer(status: 503, contentType: "text/plain", body: "Service Unavailable")
            let values = Self.oddRetryTimes
            refusal.fields = [("Retry-After", values[min(values.count - 1, Int(share * Double(values.count)))])]
            return Reply(refusal)
        case .pageBefore, .pageAfter:
            return Reply(Answer(status: 200, contentType: "text/html", body: Self.page))
        case .gatewayPageBefore, .gatewayPageAfter:
            return Reply(Answer(status: 502, contentType: "text/html", body: Self.page))
        case .tooMany:
            var refusal = Answer.error("REQUEST_FAILED.TooManyRequests", "Too many requests.", status: 429)
            refusal.retryAfter = options.retryAfter
            return Reply(refusal)
        case .unavailable:
            var refusal = Answer(status: 503, contentType: "text/plain", body: "Service Unavailable")
            refusal.retryAfter = options.retryAfter
            return Reply(refusal)
        case .bearerWrong:
            return Reply(.wrongBearer)
        case .bearerMissing:
            return Reply(.missingBearer)
        case .bearerForbidden:
            return Reply(.wrongAuthentication)
        case .sessionExpired:
            return Reply(.sessionExpired)
        case .sessionUnauthorized:
            return Reply(.unauthorized)
        }
    }

    private static let oddRetryTimes = [
        "-1", "0", "1.5", "soon", "NaN", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT",
    ]

    private static let page = """
        <html><head><title>Error</title></head><body><h1>The page cannot be displayed</h1></body></html>
        """
}
