import Foundation
import NIOCore
import NIOSSL

/// What a client checks of the certificate that callbacks come by.
struct CallbackCertificate: Hashable, Sendable {
    var expiresAt: Timestamp
    var names: [String] = []
    /// The bytes of each.
    var addresses: [[UInt8]] = []

    /// Reads the first certificate of a PEM file.
    /// - Returns: `nil` if it cannot be read, which whoever serves it reports.
    init?(file: String) {
        guard let certificate = try? NIOSSLCertificate.fromPEMFile(file).first else { return nil }
        self.init(expiresAt: Timestamp(Date(timeIntervalSince1970: Double(certificate.notValidAfter))))
        for name in certificate._subjectAlternativeNames() {
            switch name.nameType {
            case .dnsName: names.append(String(decoding: name.contents, as: UTF8.self))
            case .ipAddress: addresses.append(Array(name.contents))
            default: break
            }
        }
    }

    init(expiresAt: Timestamp, names: [String] = [], addresses: [[UInt8]] = []) {
        self.expiresAt = expiresAt
        self.names = names
        self.addresses = addresses
    }

    /// Why a client refuses it, in a few words that anybody may read.
    ///
    /// - Parameter host: that of `callbacks.url`; `nil` where another certificate is shown for it.
    func problem(for host: String?, at now: Timestamp) -> String? {
        if expiresAt <= now { return "the certificate for callbacks expired at \(expiresAt)" }
        guard let host, !isFor(host), !names.isEmpty || !addresses.isEmpty else { return nil }
        let others = names.isEmpty ? "addresses" : names.prefix(3).map { $0.excerpt(limit: 60) }.joined(separator: ", ")
        return "the certificate for callbacks is for \(others), and callbacks.url names \(host.excerpt(limit: 60))"
    }

    private func isFor(_ host: String) -> Bool {
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let address = try? SocketAddress(ipAddress: bare, port: 0) {
            return addresses.contains(Self.bytes(of: address))
        }
        return names.contains { Self.matches($0.lowercased(), bare.lowercased()) }
    }

    /// A star stands for the first label (RFC 6125, section 6.4.3).
    private static func matches(_ pattern: String, _ host: String) -> Bool {
        guard pattern.hasPrefix("*.") else { return pattern == host }
        guard let dot = host.firstIndex(of: ".") else { return false }
        return dot > host.startIndex && host[dot...] == pattern.dropFirst()
    }

    private static func bytes(of address: SocketAddress) -> [UInt8] {
        switch address {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}
