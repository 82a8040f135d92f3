import Foundation
import Testing

@testable import Reconciler

@Suite("The settings file")
struct SettingsFileTests {
    private func load(_ yaml: String, _ environment: [String: String] = [:]) throws -> Settings {
        let folder = try TemporaryFolder()
        return try Settings.load(path: try folder.write("profilectl.yaml", yaml), environment: environment)
    }

    @Test("a second document does not win silently: it is an error")
    func twoDocuments() throws {
        let error = #expect(throws: SettingsError.self) { try load("state: sqlite:a.db\n---\nstate: sqlite:b.db\n") }
        #expect(error?.description.contains("profilectl.yaml:3:1") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("second document") == true)
        #expect(try load("---\nstate: sqlite:a.db\n---\n").state.hasSuffix("/a.db"))
    }

    @Test(
        "a path that a shell would expand is refused, and makes no folder",
        arguments: [
            "sqlite:$HOME/x/state.db", "sqlite:~/state.db", "${HOME}/state.db", "~/state.db",
        ])
    func unexpanded(state: String) throws {
        for (yaml, environment) in [("state: \"\(state)\"", [:]), ("", ["PROFILECTL_STATE": state])] {
            let error = #expect(throws: SettingsError.self) { try load(yaml, environment) }
            #expect(error?.description.contains("Write the whole path") == true)
        }
        #expect(throws: SettingsError.self) {
            try load("callbacks: {tls: {certificate: \"\(state)\", key: k.pem}}")
        }
        #expect(try load("state: sqlite:/srv/$/a~b/state.db").state == "sqlite:/srv/$/a~b/state.db")
    }

    @Test("the real program refuses such a --state as well")
    func option() async throws {
        let folder = try TemporaryFolder()
        let result = try await Binary.run(["status", "--state", "sqlite:$HOME/x.db"], in: folder.path)
        #expect(result.exitCode == 1 && result.errors.contains("$HOME"), "\(result)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("a file that anybody may write is read with a warning")
    func writable() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("profilectl.yaml", "state: sqlite:a.db\n")
        for (mode, isWarned) in [(0o644, false), (0o664, false), (0o666, true)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let settings = try Settings.load(path: path, environment: [:])
            #expect(settings.warnings.isEmpty == !isWarned)
            #expect(settings.warnings.allSatisfy { $0.contains(path) && $0.contains("chmod o-w") })
        }
    }

    @Test("a file that cannot be read is an error that says why")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        for (path, words) in [(folder.path, "which is no file"), (folder.path + "/none.yaml", "which cannot be read")] {
            let error = #expect(throws: SettingsError.self) { try Settings.load(path: path, environment: [:]) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
    }

    @Test("the files of TLS can be named in the environment, both or none")
    func certificates() throws {
        let both = ["PROFILECTL_ADMIN_TLS_CERTIFICATE": "c.pem", "PROFILECTL_ADMIN_TLS_KEY": "k.pem"]
        let settings = try load("admin: {tls: {certificate: old, key: old}}", both)
        #expect(settings.adminTLS == CallbackTLS(certificate: "c.pem", key: "k.pem"))
        let error = #expect(throws: SettingsError.self) { try load("", ["PROFILECTL_CALLBACKS_TLS_KEY": "k.pem"]) }
        #expect(error?.description.contains("PROFILECTL_CALLBACKS_TLS_CERTIFICATE") == true)
    }
}
