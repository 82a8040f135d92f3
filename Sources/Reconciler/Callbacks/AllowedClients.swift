import NIOCore

/// The addresses that may connect to a listener; whoever else does is hung up on before a byte is read.
public struct AllowedClients: Hashable, Sendable {
    /// The addresses that the carrier calls from. They change: look at its page, and list others in
    /// `callbacks.allow`. Source: `thingspace.md`, section 5.2.
    static let thingspace = [
        "3.87.163.45", "3.91.119.203", "54.197.62.209", "35.165.205.14", "54.200.43.232", "34.216.81.234",
        "137.117.33.109", "168.62.173.153",
    ]

    private let networks: [Network]

    /// - Parameter texts: addresses (`203.0.113.7`, `2001:db8::1`), networks (`10.0.0.0/8`), or `thingspace` for the
    ///   carrier's published addresses.
    /// - Throws: `SettingsError` that names the text which is none of these.
    public init(_ texts: [String]) throws(SettingsError) {
        if let problem = Self.problem(of: texts) { throw SettingsError("callbacks.allow holds \(problem).") }
        networks = texts.flatMap { $0 == Self.carrierName ? Self.thingspace : [$0] }.compactMap { Network($0) }
    }

    /// Whether a text stands for addresses of the carrier.
    static func isOfCarrier(_ text: String) -> Bool { text == carrierName || thingspace.contains(text) }

    private init(listing texts: [String]) {
        networks = texts.compactMap { Network($0) }
    }

    /// The carrier's published addresses.
    static let carrier = AllowedClients(listing: thingspace)
    /// Addresses of this machine and of private networks, where a proxy may be.
    static let neighbours = AllowedClients(
        listing: ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7", "fe80::/10"])

    /// Stands for the carrier's published addresses.
    static let carrierName = "thingspace"
    static let expected = "an address such as 203.0.113.7, a network such as 10.0.0.0/8, or thingspace"

    /// What is wrong with the first of the texts that is none of these.
    static func problem(of texts: [String]) -> String? {
        texts.first { $0 != carrierName && Network($0) == nil }.map {
            "`\($0.excerpt(limit: 60))`, expected \(expected)"
        }
    }

    func contains(_ address: SocketAddress?) -> Bool {
        guard let bytes = address.flatMap(Network.bytes(of:)) else { return false }
        return networks.contains { $0.contains(bytes) }
    }
}

extension AllowedClients {
    /// Addresses that have their first bits in common; IPv4 ones are taken for their IPv6 form (`::ffff:a.b.c.d`), in
    /// which a socket for both families shows them.
    private struct Network: Hashable, Sendable {
        private let bytes: [UInt8]
        private let length: Int

        init?(_ text: String) {
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let address = parts.first.flatMap({ try? SocketAddress(ipAddress: $0, port: 0) }),
                let bytes = Self.bytes(of: address)
            else { return nil }
            let width = address.protocol == .inet ? 32 : 128
            guard let length = parts.count == 1 ? width : Int(parts[1]), 0...width ~= length else { return nil }
            self.bytes = bytes
            self.length = length + 128 - width
        }

        func contains(_ other: [UInt8]) -> Bool {
            for index in 0..<16 {
                let bits = min(max(length - index * 8, 0), 8)
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
                guard bytes[index] & mask == other[index] & mask else { return false }
            }
            return true
        }

        static func bytes(of address: SocketAddress) -> [UInt8]? {
            switch address {
            case .v4(let address):
                let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
                return withUnsafeBytes(of: address.address.sin_addr) { mapped + $0 }
            case .v6(let address):
                return withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            case .unixDomainSocket:
                return nil
            }
        }
    }
}
