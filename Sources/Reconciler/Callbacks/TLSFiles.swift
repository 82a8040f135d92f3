import HummingbirdTLS
import Logging
import NIOCertificateReloading
import NIOSSL

/// The certificate and key that TLS is spoken with, read again when the files change; a pair that cannot be used leaves
/// the last good one in place.
package struct TLSFiles: Sendable {
    private let reloader: TimedCertificateReloader
    private let files: CallbackTLS

    /// Reads the files.
    /// - Parameters:
    ///   - use: what TLS is spoken for, for the log.
    ///   - interval: how often they are looked at.
    /// - Throws: `SettingsError` that says what is wrong with which file.
    package init(_ files: CallbackTLS, for use: String, interval: Duration = .seconds(10), logger: Logger)
        throws(SettingsError)
    {
        self.files = files
        do {
            reloader = try TimedCertificateReloader.makeReloaderValidatingSources(
                configuration: .init(
                    refreshInterval: interval,
                    certificateSource: .init(location: .file(path: files.certificate), format: .pem),
                    privateKeySource: .init(location: .file(path: files.key), format: .pem)
                ) { configuration in
                    configuration.onCertificateLoaded = { change in
                        guard change.previousX509CertificateChain != change.currentX509CertificateChain else { return }
                        let end = change.currentX509CertificateChain.first.map { "\($0.notValidAfter)" } ?? "unknown"
                        logger.notice(
                            "A certificate is in use for \(use)",
                            metadata: ["file": "\(files.certificate)", "validUntil": "\(end)"])
                    }
                    configuration.onCertificateLoadFailed = { failure in
                        logger.error(
                            "The certificate and key for \(use) cannot be used; those before, if any, stay in use",
                            metadata: [
                                "certificate": "\(files.certificate)", "key": "\(files.key)",
                                "reason": "\(String(describing: failure.error).excerpt(limit: 200))",
                            ])
                    }
                })
        } catch {
            throw SettingsError(
                "TLS cannot be spoken with certificate \(files.certificate), key \(files.key): "
                    + "\(String(describing: error).excerpt(limit: 200)) Both are PEM files, and the key is the "
                    + "certificate's own.")
        }
    }

    /// - Throws: an error of the TLS library.
    package func configuration() throws -> TLSConfiguration {
        var configuration = try TLSConfiguration.makeServerConfiguration(certificateReloader: reloader)
        configuration.minimumTLSVersion = .tlsv12
        // One that is gone, or in the middle of its handshake, says no goodbye: the end would wait for five seconds.
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }

    /// Looks at the files until the task is cancelled.
    package func watch() async throws { try await reloader.run() }

    /// Reads the files now; what cannot be used is logged.
    package func reload() { try? reloader.reload() }
}
