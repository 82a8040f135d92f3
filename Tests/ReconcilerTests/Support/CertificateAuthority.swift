import Testing

@testable import Reconciler

/// An authority that issues certificates for this machine, made by `openssl`.
struct CertificateAuthority: Sendable {
    private let folder: TemporaryFolder
    /// Its own certificate.
    var certificate: String { folder.path + "/authority.crt" }

    init(in folder: TemporaryFolder) async throws {
        self.folder = folder
        try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "authority.key", "-out", "authority.crt", "-days", "2", "-subj", "/CN=authority",
        ])
    }

    /// Issues a certificate for 127.0.0.1 as `NAME.crt` and `NAME.key`.
    @discardableResult
    func issue(as name: String) async throws -> CallbackTLS {
        try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "\(name).key", "-out", "\(name).crt", "-days", "2", "-subj", "/CN=\(name)", "-addext",
            "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-CA", "authority.crt",
            "-CAkey", "authority.key",
        ])
        return CallbackTLS(certificate: "\(folder.path)/\(name).crt", key: "\(folder.path)/\(name).key")
    }

    private func openssl(_ arguments: [String]) async throws {
        let made = try await Binary.run(["openssl"] + arguments, in: folder.path, program: "/usr/bin/env")
        try #require(made.exitCode == 0, "\(made.errors)")
    }
}
