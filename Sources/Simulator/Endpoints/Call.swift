import Foundation

/// A call as it came over HTTP.
struct Call: Sendable {
    let method: String
    let path: String
    let authorization: String?
    let sessionToken: String?
    let contentType: String?
    let body: String

    /// What was sent, for answers that repeat it.
    var wording: String {
        [method, path, authorization, sessionToken, body].compactMap { $0 }.joined(separator: " ")
    }

    /// The body as a JSON object, if it is one.
    var json: [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any]
    }
}
