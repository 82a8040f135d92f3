import Foundation

/// Says in words what is wrong with the files of a certificate and its key, and how to put it right: pure.
enum TLSFileFault {
    /// - Parameters:
    ///   - certificate: the contents of the file; `nil` if it cannot be read.
    ///   - key: the same.
    /// - Returns: `nil` if nothing of what often goes wrong is the matter.
    static func explain(certificate: Data?, key: Data?, of files: CallbackTLS) -> String? {
        explain(certificate: certificate, path: files.certificate) ?? explain(key: key, path: files.key)
    }

    private static func explain(certificate: Data?, path: String) -> String? {
        guard let certificate else { return "\(path) cannot be read. Check its path and mode." }
        if isDER(certificate) {
            return
                "\(path) is DER, and a PEM file is expected: openssl x509 -inform DER -in \(path) -out certificate.pem."
        }
        let text = String(decoding: certificate, as: UTF8.self)
        if text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----") {
            return text.contains("PRIVATE KEY-----")
                ? "\(path) holds a private key beside the certificate. Put them into a file each: the certificate with its "
                    + "chain, and the key."
                : nil
        }
        return text.contains("PRIVATE KEY-----")
            ? "\(path) holds a private key and no certificate. The two files may have been swapped."
            : "\(path) holds no certificate in PEM (-----BEGIN CERTIFICATE-----)."
    }

    private static func explain(key: Data?, path: String) -> String? {
        guard let key else { return "\(path) cannot be read. Check its path and mode." }
        let convert = "openssl pkey -in \(path) -out key.pem"
        if isDER(key) { return "\(path) is DER, and a PEM file is expected: \(convert)." }
        let text = String(decoding: key, as: UTF8.self)
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return "\(path) is encrypted, and nobody is asked for its passphrase. Decrypt it: \(convert)."
        }
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return text.contains("PRIVATE KEY-----")
                ? "\(path) holds a certificate beside the key. Put them into a file each: \(convert) leaves the key alone."
                : "\(path) holds a certificate and no private key. The two files may have been swapped."
        }
        if text.contains("-----BEGIN EC PARAMETERS-----") {
            return "\(path) holds EC PARAMETERS before the key. Leave that block out: \(convert)."
        }
        return text.contains("PRIVATE KEY-----")
            ? nil : "\(path) holds no private key in PEM (-----BEGIN PRIVATE KEY-----)."
    }

    /// DER begins with the tag of a sequence.
    private static func isDER(_ data: Data) -> Bool { data.first == 0x30 && data.count > 64 }
}
