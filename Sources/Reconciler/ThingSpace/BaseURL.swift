import Foundation

/// Where the carrier's API is: https, or http on a loopback address.
public struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// Whether it is on this machine, so that it can only be a simulator.
    public let isLoopback: Bool

    /// The carrier's production API. Source: `thingspace.md`, section 1.3.
    public static let production = "https://thingspace.verizon.com/api"

    /// - Throws: `InvalidBaseURL`
    public init(_ text: String) throws(InvalidBaseURL) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased(), !host.isEmpty, parts.query == nil, parts.fragment == nil
        else {
            throw InvalidBaseURL(description: "\(text) is not a URL such as \(Self.production).")
        }
        guard parts.user == nil, parts.password == nil else {
            throw InvalidBaseURL(description: "The base URL must not hold a user name or a password.")
        }
        isLoopback = LoopbackHost.contains(host)
        guard scheme == "https" || (scheme == "http" && isLoopback) else {
            throw InvalidBaseURL(
                description: "\(text): the carrier is called by https only; http is for a simulator on a loopback "
                    + "address.")
        }
        description = text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}

/// A base URL that cannot be used, as a sentence.
public struct InvalidBaseURL: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}
