import Foundation

/// The parameters of a query or of a form (`application/x-www-form-urlencoded`), read strictly: one that is unknown,
/// comes twice or cannot be decoded is refused.
struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    /// - Parameters:
    ///   - known: the names that are expected.
    ///   - ignoresOthers: whether other names are passed over. Mail programs and chats add their own to the addresses of
    ///     pages that people send to each other.
    /// - Throws: `Refusal`
    init(_ text: String?, known: Set<String>, ignoresOthers: Bool = false) throws(Refusal) {
        for part in (text ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pair[0]), let value = pair.count < 2 ? "" : Self.decoded(pair[1]) else {
                if ignoresOthers, !known.contains(String(pair[0])) { continue }
                throw .badRequest("A parameter is not percent-encoded UTF-8.")
            }
            if ignoresOthers, !known.contains(name) { continue }
            guard known.contains(name) else {
                throw .badRequest(
                    "There is no parameter `\(name.prefix(40))` here"
                        + (known.isEmpty ? "." : ", only \(known.sorted().joined(separator: ", "))."))
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw .badRequest("The parameter `\(name)` comes twice.")
            }
        }
    }

    /// The value of a parameter; `nil` if it is not there.
    subscript(name: String) -> String? { values[name] }

    private static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }
}
