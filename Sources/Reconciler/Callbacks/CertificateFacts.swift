import Foundation
import NIOSSL

/// What of a certificate decides whether the carrier accepts it.
struct CertificateFacts: Hashable, Sendable {
    /// The names of who issued it and whom it is for, as they stand in it.
    var issuer: [UInt8] = []
    var subject: [UInt8] = []
    var notBefore: Timestamp
    var notAfter: Timestamp
    /// The hosts that it is for: names, and addresses as texts.
    var hosts: [String] = []

    /// The certificates of a PEM file, our own first.
    /// - Throws: an error of the TLS library.
    static func chain(file: String) throws -> [CertificateFacts] {
        try NIOSSLCertificate.fromPEMFile(file).map { try CertificateFacts($0) }
    }

    init(notBefore: Timestamp, notAfter: Timestamp) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    private init(_ certificate: NIOSSLCertificate) throws {
        notBefore = Timestamp(milliseconds: Int64(clamping: certificate.notValidBefore).clampedSeconds * 1000)
        notAfter = Timestamp(milliseconds: Int64(clamping: certificate.notValidAfter).clampedSeconds * 1000)
        for name in certificate._subjectAlternativeNames() {
            let bytes = Array(name.contents)
            switch name.nameType {
            case .dnsName: hosts.append(String(decoding: bytes, as: UTF8.self).lowercased())
            case .ipAddress where bytes.count == 4: hosts.append(bytes.map { "\($0)" }.joined(separator: "."))
            default: break
            }
        }
        if let names = CertificateNames(der: try certificate.toDERBytes()) {
            issuer = names.issuer
            subject = names.subject
        }
    }
}

extension Int64 {
    /// Seconds that a time of ours can hold: until the year 9999.
    fileprivate var clampedSeconds: Int64 { Swift.min(Swift.max(self, 0), 253_402_300_799) }
}

/// The issuer and the subject of a certificate in DER. Source: RFC 5280, section 4.1.
private struct CertificateNames {
    let issuer: [UInt8]
    let subject: [UInt8]

    init?(der: [UInt8]) {
        guard let certificate = DERElement(der[...]), var fields = DERElement(certificate.contents)?.contents else {
            return nil
        }
        // version (optional), serial number, algorithm, issuer, validity, subject
        var elements: [DERElement] = []
        while elements.count < 6, let element = DERElement(fields) {
            elements.append(element)
            fields = element.rest
        }
        if elements.first?.tag == 0xA0 { elements.removeFirst() }
        guard elements.count >= 5 else { return nil }
        issuer = Array(elements[2].contents)
        subject = Array(elements[4].contents)
    }
}

/// One element of DER: tag, length, contents.
private struct DERElement {
    let tag: UInt8
    let contents: ArraySlice<UInt8>
    let rest: ArraySlice<UInt8>

    init?(_ bytes: ArraySlice<UInt8>) {
        guard let tag = bytes.first, var length = bytes.dropFirst().first.map({ Int($0) }) else { return nil }
        var start = bytes.startIndex + 2
        if length >= 0x80 {
            let count = length & 0x7F
            guard 1...4 ~= count, bytes.endIndex - start >= count else { return nil }
            length = bytes[start..<(start + count)].reduce(0) { $0 << 8 | Int($1) }
            start += count
        }
        guard length <= bytes.endIndex - start else { return nil }
        self.tag = tag
        contents = bytes[start..<(start + length)]
        rest = bytes[(start + length)...]
    }
}
