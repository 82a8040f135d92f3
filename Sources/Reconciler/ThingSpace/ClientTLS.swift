import Foundation
import NIOSSL

/// How TLS is spoken with the carrier and the webhook.
enum ClientTLS {
    /// The file of authorities that OpenSSL and the tools that stand on it read.
    static let authoritiesVariable = "SSL_CERT_FILE"

    /// TLS 1.2 at least; with the system's authorities, or those of the file that SSL_CERT_FILE names.
    static func configuration(_ environment: [String: String]) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let path = environment[authoritiesVariable], !path.isEmpty { configuration.trustRoots = .file(path) }
        return configuration
    }

    /// - Throws: `SettingsError` if the file of authorities cannot be used.
    static func check(_ environment: [String: String]) throws(SettingsError) {
        guard let path = environment[authoritiesVariable], !path.isEmpty else { return }
        do {
            guard try !NIOSSLCertificate.fromPEMFile(path).isEmpty else { throw CocoaError(.fileReadCorruptFile) }
        } catch {
            throw SettingsError(
                "\(authoritiesVariable) names \(path.excerpt(limit: 200)), which holds no certificates in PEM. Correct it, "
                    + "or unset it to go by the system's authorities.")
        }
    }

    // MARK: Errors

    /// Whether there was no TLS connection yet on which a call could have left. What breaks one later, an answer that is
    /// cut short for instance, has the same types.
    static func isOfHandshake(_ error: any Error) -> Bool {
        switch error {
        case NIOSSLError.handshakeFailed, NIOSSLError.noCertificateToValidate, NIOSSLError.unableToValidateCertificate:
            true
        case let error as NIOSSLExtraError:
            [
                .failedToValidateHostname, .serverHostnameImpossibleToMatch, .cannotUseIPAddressInSNI,
                .invalidSNIHostname,
            ].contains(error)
        default: false
        }
    }

    /// What went wrong with a handshake and what to do, as a sentence.
    static func explain(_ error: any Error) -> String {
        let text = withoutBuildPaths("\(error)")
        let known: [(code: String, meaning: String)] = [
            (
                "CERTIFICATE_VERIFY_FAILED",
                "the certificate is not of an authority that this machine trusts, or it is expired. Look at it, at the "
                    + "clock, and at proxies on the way; \(authoritiesVariable) names other authorities"
            ),
            ("UNSUPPORTED_PROTOCOL", "the other side speaks no TLS 1.2 or later"),
            ("TLSV1_ALERT_PROTOCOL_VERSION", "the other side speaks no TLS 1.2 or later"),
            ("PROTOCOL_VERSION", "the other side speaks no TLS 1.2 or later"),
            ("WRONG_VERSION_NUMBER", "the other side speaks no TLS on this port"),
            ("HTTP_REQUEST", "the other side speaks no TLS on this port"),
        ]
        let meaning =
            known.first { text.contains($0.code) }?.meaning
            ?? (error is NIOSSLExtraError ? "the certificate is for another host" : nil)
        guard let meaning else { return text.excerpt(limit: 200) + "." }
        return "\(meaning). (\(text.excerpt(limit: 120)))"
    }

    /// The text of an error without the places in source files that the library's own build has left in it.
    static func withoutBuildPaths(_ text: String) -> String {
        text.replacing(#/ at [^ ]*\.(?:cc|c|swift|h|inc):\d+/#, with: "")
    }
}
