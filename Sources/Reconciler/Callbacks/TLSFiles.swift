import Foundation
import HummingbirdTLS
import Logging
import NIOCertificateReloading
import NIOSSL
import Synchronization

/// The certificate and key that TLS is spoken with, read again when the files change; a pair that cannot be used leaves
/// the last good one in place.
package struct TLSFiles: Sendable {
    private let reloader: TimedCertificateReloader
    private let files: CallbackTLS

    /// Reads the files.
    /// - Parameters:
    ///   - name: what TLS is spoken for, for the log.
    ///   - interval: how often they are looked at.
    ///   - onUse: told of each certificate that is used from then on.
    /// - Throws: `SettingsError` that says what is wrong with which file.
    package init(_ files: CallbackTLS, for name: String, interval: Duration = .seconds(10), logger: Logger)
        throws(SettingsError)
    {
        try self.init(files, for: name, interval: interval, logger: logger) { _ in }
    }

    init(
        _ files: CallbackTLS, for name: String, interval: Duration = .seconds(10), logger: Logger,
        onUse: @escaping @Sendable (CallbackCertificate?) -> Void
    ) throws(SettingsError) {
        self.files = files
        let use = Use(name)
        do {
            reloader = try TimedCertificateReloader.makeReloaderValidatingSources(
                configuration: .init(
                    refreshInterval: interval,
                    certificateSource: .init(location: .file(path: files.certificate), format: .pem),
                    privateKeySource: .init(location: .file(path: files.key), format: .pem)
                ) { configuration in
                    configuration.onCertificateLoaded = { change in
                        guard change.previousX509CertificateChain != change.currentX509CertificateChain else { return }
                        use.begin()
                        onUse(CallbackCertificate(file: files.certificate))
                        var metadata: Logger.Metadata = ["file": "\(files.certificate)"]
                        metadata["validUntil"] = change.currentX509CertificateChain.first.map {
                            "\(Timestamp($0.notValidAfter))"
                        }
                        logger.notice("A certificate is in use for \(use.name)", metadata: metadata)
                    }
                    configuration.onCertificateLoadFailed = { failure in
                        // What is wrong at the start is thrown.
                        guard use.hasBegun else { return }
                        logger.error(
                            "The certificate and key for \(use.name) cannot be used; those before stay in use",
                            metadata: [
                                "certificate": "\(files.certificate)", "key": "\(files.key)",
                                "reason": "\(String(describing: failure.error).excerpt(limit: 200))",
                            ])
                    }
                })
        } catch {
            let fault = TLSFileFault.explain(
                certificate: FileManager.default.contents(atPath: files.certificate),
                key: FileManager.default.contents(atPath: files.key), of: files)
            if let fault { throw SettingsError("TLS cannot be spoken for \(name): \(fault)") }
            throw SettingsError(
                "TLS cannot be spoken with certificate \(files.certificate), key \(files.key): "
                    + "\(ClientTLS.withoutBuildPaths(String(describing: error)).excerpt(limit: 200)) Both are PEM files, and the key is the "
                    + "certificate's own.")
        }
    }

    /// For TLS 1.2: with forward secrecy and authenticated encryption, so neither CBC nor static RSA. TLS 1.3 has no other.
    private static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    /// - Throws: an error of the TLS library.
    package func configuration() throws -> TLSConfiguration {
        var configuration = try TLSConfiguration.makeServerConfiguration(certificateReloader: reloader)
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.cipherSuites
        // One that is gone, or in the middle of its handshake, says no goodbye: the end would wait for five seconds.
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }

    /// Looks at the files until the task is cancelled.
    package func watch() async throws { try await reloader.run() }

    /// Reads the files now; what cannot be used is logged.
    package func reload() { try? reloader.reload() }
}

/// What a certificate is for, and whether there has been one.
private final class Use: Sendable {
    let name: String
    private let isBegun = Mutex(false)

    init(_ name: String) {
        self.name = name
    }

    var hasBegun: Bool { isBegun.withLock { $0 } }

    func begin() { isBegun.withLock { $0 = true } }
}
