import Foundation

/// A call as it came over HTTP.
struct Call: Sendable {
    let method: String
    let path: String
    let authorization: String?
    let sessionToken: String?
    let contentType: String?
    let body: String

    /// The body as a JSON object, if it is one.
    var json: [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any]
    }
}
