import Foundation
import Testing

@testable import Reconciler

@Suite("Secrets from variables and files")
struct SecretsTests {
    private static let name = "THINGSPACE_PASSWORD"

    @Test(
        "a file that holds no secret that can be used is an error that names the variable, not the contents",
        arguments: [
            ([], "is empty"), (Array(" \t\n".utf8), "is empty"), (Array("\n\n".utf8), "is empty"),
            ([0xFF, 0xFE, 0x73, 0x00], "UTF-16"), ([0xFE, 0xFF, 0x00, 0x73], "UTF-16"),
            (Array("Sal".utf8) + [0xF3, 0x6E], "not UTF-8"), (Array("hush\0hush".utf8), "control character"),
            (Array("hush-1\nhush-2\n".utf8), "more than one line"), (Array("hush-1\r\nhush-2".utf8), "more than one"),
            (Array(repeating: 0x61, count: 70_000), "longer than any secret"),
        ] as [([UInt8], String)])
    func unusable(bytes: [UInt8], reason: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret", Data(bytes))
        let error = try #require(throws: SettingsError.self) {
            try Secrets(environment: [Self.name + "_FILE": path]).secret(Self.name)
        }
        #expect(error.description.contains(reason) && error.description.contains("\(Self.name)_FILE"), "\(error)")
        #expect(!error.description.contains("hush"))
    }

    @Test(
        "a variable that is set and holds nothing is no secret either", arguments: ["", "  ", "a\nb", "a\u{FFFD}b"])
    func variables(value: String) throws {
        let error = try #require(throws: SettingsError.self) {
            try Secrets(environment: [Self.name: value]).secret(Self.name)
        }
        #expect(error.description.hasPrefix(Self.name))
    }

    @Test("one line, with or without its end or a mark of UTF-8, is the secret, blanks within it included")
    func usable() throws {
        let folder = try TemporaryFolder()
        for text in ["a b", "a b\n", "a b\r\n", "\u{FEFF}a b\n"] {
            let path = try folder.write("secret", text)
            #expect(try Secrets(environment: [Self.name + "_FILE": path]).secret(Self.name) == "a b")
        }
        #expect(try Secrets(environment: [:]).secret(Self.name) == nil)
    }

    @Test("a file that everybody may change is refused")
    func writable() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret", "hush")
        #expect(chmod(path, 0o646) == 0)
        let error = try #require(throws: SettingsError.self) {
            try Secrets(environment: [Self.name + "_FILE": path]).secret(Self.name)
        }
        #expect(error.description.contains("chmod o-w"))
    }

    // MARK: Callbacks

    private func endpoint(_ change: (inout Settings) -> Void, user: String = "u", password: String = "p") throws {
        var settings = Settings()
        settings.callbackURL = "https://fleet.example.com:9001/callbacks"
        settings.behindProxy = true
        change(&settings)
        _ = try CallbackEndpoint(
            settings, credentials: CallbackCredentials(username: user, password: password), carrierIsLoopback: false)
    }

    @Test("without a user name or a password no callback is taken for a carrier that is elsewhere")
    func credentialsRequired() throws {
        try endpoint { _ in }
        for (user, password, named) in [("", "", "USERNAME"), ("u", "", "PASSWORD"), ("", "p", "USERNAME")] {
            let error = try #require(throws: SettingsError.self) {
                try endpoint({ _ in }, user: user, password: password)
            }
            #expect(error.description.contains("PROFILECTL_CALLBACK_\(named)"), "\(error)")
        }
        var settings = Settings()
        settings.callbackURL = "https://fleet.example.com:9001/callbacks"
        #expect(throws: SettingsError.self) {
            try settings.registrableCallbackURL(with: CallbackCredentials(username: "", password: ""))
        }
    }

    @Test("settings by which no callback could come are refused at the start")
    func contradictions() throws {
        try endpoint { $0.callbackAllow = ["thingspace", "10.0.0.0/8"] }
        let proxied = try #require(throws: SettingsError.self) {
            try endpoint { $0.callbackAllow = ["thingspace", "3.87.163.45"] }
        }
        #expect(
            proxied.description.contains("callbacks.behindProxy") && proxied.description.contains("callbacks.allow"))
        let plain = try #require(throws: SettingsError.self) {
            try endpoint {
                $0.behindProxy = false
                $0.callbackTLS = CallbackTLS(certificate: "a", key: "b")
                $0.callbackURL = "http://fleet.example.com:9001/callbacks"
            }
        }
        #expect(plain.description.contains("callbacks.tls"))
    }
}
