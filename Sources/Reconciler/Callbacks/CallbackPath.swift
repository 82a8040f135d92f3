import Foundation

/// The path that the carrier calls. Paths are compared decoded, because clients differ in what they percent-encode.
struct CallbackPath: Hashable, Sendable {
    private let decoded: String

    /// - Parameter encoded: as it stands in a URL or in a request.
    init(_ encoded: String) {
        decoded = encoded.removingPercentEncoding ?? encoded
    }
}
