/// An answer that no API of the carrier gives: a page, a redirect or an empty body of a gateway, proxy or portal on the
/// way.
struct GatewayPage: Hashable, Sendable, CustomStringConvertible {
    let status: Int
    let contentType: String?
    /// Whether whoever gave it provably did not hand the call on.
    let isProofOfNothing: Bool

    /// - Returns: `nil` for an answer that the carrier may have given.
    init?(_ answer: HTTPAnswer) {
        let first = answer.body.first { $0 > 0x20 }
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        let isPage = answer.isHTML
        let isRedirect = 300..<400 ~= answer.status
        let isOfProxy = [407, 511].contains(answer.status)
        let isUnread = !isJSON && (200..<300 ~= answer.status || answer.status >= 500)
        guard isPage || isRedirect || isOfProxy || isUnread else { return nil }
        status = answer.status
        contentType = first == nil ? nil : answer.contentType ?? (isPage ? "text/html" : "no Content-Type")
        // Who has failed to get an answer may have handed the call on before.
        isProofOfNothing =
            isRedirect || isOfProxy || answer.status == 503 || isPage && answer.status < 500
    }

    /// What was answered, without the full stop.
    var sentence: String {
        "what came is \(self), as a gateway or a proxy on the way answers, and no answer of the carrier's API"
    }

    var description: String {
        "HTTP status \(status) and \(contentType.map { "a body of \($0.excerpt(limit: 60))" } ?? "an empty body")"
    }
}

extension HTTPAnswer {
    fileprivate var isHTML: Bool {
        if let contentType, contentType.lowercased().contains("html") { return true }
        let start = String(decoding: body.prefix(512), as: UTF8.self).lowercased()
        return start.contains("<html") || start.contains("<!doctype html")
    }
}
